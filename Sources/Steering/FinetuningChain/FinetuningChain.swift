import Foundation
import Foundations
import LanguageModels
import Statistics
import Torch

/// Does training a behaviour move the activations along a vector?
///
/// Fine-tunes a model towards a behaviour and towards its opposite, takes the difference of the two models' activations on
/// held-out prompts as a vector, compares it with a given vector, steers with it and ablates it, and asks of every held-out
/// item whether the shift of its projection goes with the change of its behaviour.
///
/// The held-out questions are dealt into two halves. The prompts of one make the vector and choose the layer; everything that
/// is judged is measured on the other, and on items of another distribution where they are given.
public struct FinetuningChain {
  public struct Settings: Sendable {
    public var lora = LoRAConfiguration()
    public var training = TrainingSettings()
    /// Whether the end of the answer is trained too.
    public var endsSequence = false
    /// Layers that are looked at.
    public var layers: [Int]
    /// The layer that is judged; nil chooses the one of the largest |cosine|.
    public var judgedLayer: Int?
    /// In fine-tuning vectors.
    public var scales: [Double] = [-1, 1]
    /// Of the halves, the random direction and the resampling.
    public var seed: UInt64 = 0
    /// What the training data are called in the verdict.
    public var dataName = "the data"

    /// Bytes that activations may take in training; nil for any number.
    public var activationMemory: Int?

    public init(layers: [Int]) { self.layers = layers }
  }

  public struct Items: Sendable {
    /// With an answer and a contrastive one each.
    public var training: [Item]
    /// Whose matching answer is the behaviour that is measured.
    public var heldOut: [Item]
    public var outOfDistribution: [Item]?

    public init(training: [Item], heldOut: [Item], outOfDistribution: [Item]? = nil) {
      (self.training, self.heldOut, self.outOfDistribution) = (training, heldOut, outOfDistribution)
    }
  }

  /// The model that a measurement is of.
  public enum Model: String, Sendable, CaseIterable, Codable {
    case base, behaviour, opposite
  }

  let loaded: LoadedModel
  let encoder: PromptEncoder
  let items: Items
  let settings: Settings
  let folder: ChainFolder
  /// What is going on, for a person.
  public var onStage: (String) -> Void = { _ in }
  public var onStep: (TrainingStep) -> Void = { _ in }

  /// - Parameters:
  ///   - loaded: the base model, without an adapter.
  ///   - output: a folder; what it holds of the same inputs is used again.
  public init(
    _ loaded: LoadedModel, _ encoder: PromptEncoder, _ items: Items, _ settings: Settings, output: URL
  ) throws {
    try loaded.model.check(layers: settings.layers)
    guard !settings.layers.isEmpty, settings.layers.contains(settings.judgedLayer ?? settings.layers[0]) else {
      throw TelltaleError(.badInput, "the judged layer is not among the layers; name it there too")
    }
    guard !settings.scales.isEmpty, settings.scales.allSatisfy({ $0.isFinite && $0 != 0 }) else {
      throw TelltaleError(
        .badInput, "a scale must be a finite number other than 0; the unsteered model is always there")
    }
    (self.loaded, self.encoder, self.items, self.settings) = (loaded, encoder, items, settings)
    folder = ChainFolder(output)
  }

  public func run(_ source: VectorSource) throws -> ChainReport {
    let halves = try splitByGroup(items.heldOut, testFraction: 0.5, seed: settings.seed)
    var sets = [ChainSet(name: "prompts", items: halves.train), ChainSet(name: "in", items: halves.test)]
    sets += items.outOfDistribution.map { [ChainSet(name: "out", items: $0)] } ?? []
    let trainings = try train()
    onStage("the given vector")
    let given = try vector(source)
    let recordings = try sets.map { try record($0) }
    let finetuned = try difference(recordings[0])
    let base = recordings[0].base
    var options = VectorComparison.Options()
    let moved = try Self.moved(finetuned.vectors, settings)
    (options.layers, options.seed) = (moved, settings.seed)
    options.activations = { try base.stream(.prompt, layer: $0) }
    let comparison = try VectorComparison(given, finetuned, options: options)
    let layer = settings.judgedLayer ?? Self.likest(comparison)
    let judged = recordings.dropFirst()
    onStage("steering with the fine-tuning vector, and ablating it")
    let steering = try steer(given.vectors, finetuned.vectors, layer: layer, sets: Array(sets.dropFirst()))
    let null = try moved.map { try ShiftNull(base, given.vectors, layer: $0, seed: settings.seed) }
    let shifts = try judged.flatMap { set in
      try null.flatMap { null in try set.tuned.map { try ProjectionShift(set, $0, null, seed: settings.seed) } }
    }
    return ChainReport(
      dataName: settings.dataName, layer: layer, trainings: trainings, comparison: comparison.layers,
      rates: judged.flatMap(\.rates), shifts: shifts, steering: steering,
      sharedGroups: Set(items.training.map(\.group.id)).intersection(items.heldOut.map(\.group.id)).count)
  }

  /// The layers that fine-tuning changed: those below the first adapted block are as they were.
  private static func moved(_ finetuned: SteeringVectors, _ settings: Settings) throws -> [Int] {
    let moved = settings.layers.filter { finetuned.norm($0) > 0 }
    guard let first = moved.first, moved.contains(settings.judgedLayer ?? first) else {
      throw TelltaleError(
        .badInput,
        "fine-tuning changed nothing at the layers to judge, which lie below the adapted blocks; name later layers")
    }
    return moved
  }

  /// The layer of the largest |cosine|.
  private static func likest(_ comparison: VectorComparison) -> Int {
    comparison.layers.max { abs($0.evidence.cosine) < abs($1.evidence.cosine) }?.layer ?? 0
  }

  // MARK: Training

  func adapterFolder(_ model: Model) -> URL? {
    model == .base ? nil : folder.url.appending(path: "adapters/\(model.rawValue)")
  }

  /// Both sides with the same seed and order, so that they differ in the answers alone.
  private func train() throws -> [FinetuningReport] {
    var finetuning = Finetuning(settings.lora, settings.training)
    finetuning.resumes = true
    finetuning.activationMemory = settings.activationMemory
    return try [(Model.behaviour, FinetuningSide.behaviour), (.opposite, .opposite)].map { model, side in
      onStage("fine-tuning: \(model.rawValue)")
      let sequences = try items.training.map {
        try encoder.trainingSequence(for: $0, side, endsSequence: settings.endsSequence)
      }
      return try finetuning.run(
        loaded, training: sequences, output: adapterFolder(model) ?? folder.url, onStep: onStep)
    }
  }

  /// The base model, or with an adapter on it.
  func model(_ model: Model) throws -> LoadedModel {
    guard let adapter = adapterFolder(model) else { return loaded }
    return try LoadedModel(
      loaded.name, adapter: adapter, dtype: loaded.model.dtype, device: loaded.devices)
  }
}
