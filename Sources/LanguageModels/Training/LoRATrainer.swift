import Foundations
import Torch

/// One finished optimiser step.
public struct TrainingStep: Sendable {
  /// Counted from 1.
  public var number: Int
  public var total: Int
  /// Mean loss of the step's predicted tokens in nats, before its update.
  public var loss: Double
  /// Euclidean norm of the gradient over all matrices, before it was cut.
  public var gradientNorm: Double
  public var learningRate: Double
  /// Tokens that the step's passes computed.
  public var tokens: Int
}

/// Trains a LoRA adapter on a frozen model with AdamW; the matrices are float32 regardless of what the model computes in.
///
/// Everything random follows from the seed and the number of the step, so the same start and settings give the same
/// bits on the same machine with the same number of threads, interrupted or not.
public final class LoRATrainer {
  public let settings: TrainingSettings
  /// One a step taken so far.
  public private(set) var log: [TrainingCheckpoint.LogEntry] = []
  private let base: LanguageModel
  private let configuration: LoRAConfiguration
  private let places: [AdapterPlace]
  /// Leaves of the autograd graph, in the order of `places`.
  private let leaves: [LoRAAdapter.Factors]
  private let optimiser: AdamW
  private let activations: ActivationBudget

  /// - Parameters:
  ///   - adapter: what the training starts from; it is copied and stays as it is.
  ///   - activationMemory: bytes that activations kept for the backward pass may take; nil for any number. It decides how
  ///     much is computed twice, not the result.
  public init(
    _ base: LanguageModel, from adapter: LoRAAdapter, settings: TrainingSettings, activationMemory: Int? = nil
  ) throws {
    try settings.check()
    guard base.hasDenseWeights else {
      throw TelltaleError(
        .badInput, "\(base.weightFormat.rawValue) weights are for inference; train the adapter on dense weights",
        remedy: .useDenseWeights)
    }
    guard base.devices.count == 1 else {
      throw TelltaleError(.badInput, "an adapter is trained on one device; give --device cpu or one GPU")
    }
    activations = ActivationBudget(
      base, bytes: settings.gradientCheckpointing ? 0 : activationMemory)
    _ = try base.adapted(by: adapter)  // whether the two fit
    (self.base, self.settings, configuration) = (base, settings, adapter.configuration)
    places = adapter.places
    leaves = try adapter.factors.sorted { $0.key < $1.key }.map { try Self.leaves($0.value, on: base.device) }
    optimiser = try AdamW(leaves.flatMap { [$0.a, $0.b] }, weightDecay: settings.weightDecay)
  }

  /// Continues where a checkpoint was written.
  public convenience init(
    _ base: LanguageModel, from checkpoint: TrainingCheckpoint, settings: TrainingSettings,
    activationMemory: Int? = nil
  ) throws {
    try self.init(base, from: checkpoint.adapter, settings: settings, activationMemory: activationMemory)
    try optimiser.restore(
      steps: checkpoint.log.count, means: checkpoint.means.map { try $0.moved(to: base.device) },
      squares: checkpoint.squares.map { try $0.moved(to: base.device) })
    log = checkpoint.log
  }

  private static func leaves(_ pair: LoRAAdapter.Factors, on device: Device) throws -> LoRAAdapter.Factors {
    func leaf(_ tensor: Tensor) throws -> Tensor {
      try tensor.detached().moved(to: device).contiguous().copy().requiringGradient()
    }
    return LoRAAdapter.Factors(a: try leaf(pair.a), b: try leaf(pair.b))
  }

  /// Steps taken so far.
  public var stepsTaken: Int { log.count }

  /// A copy of the adapter as it is now.
  public func adapter() throws -> LoRAAdapter {
    var factors: [AdapterPlace: LoRAAdapter.Factors] = [:]
    for (place, pair) in zip(places, leaves) {
      factors[place] = .init(a: try pair.a.detached().copy(), b: try pair.b.detached().copy())
    }
    return try LoRAAdapter(configuration, factors: factors)
  }

  /// Everything that is needed to go on from here.
  public func checkpoint() throws -> TrainingCheckpoint {
    TrainingCheckpoint(
      adapter: try adapter(), means: try optimiser.means.map { try $0.copy() },
      squares: try optimiser.squares.map { try $0.copy() }, log: log)
  }

  /// Takes the steps that are left of `settings.steps` over the sequences, each epoch in its own order.
  public func run(_ sequences: [TrainingSequence], onStep: (TrainingStep) throws -> Void = { _ in }) throws {
    guard !sequences.isEmpty else {
      throw TelltaleError(.badInput, "there is nothing to train on; give at least one row")
    }
    while stepsTaken < settings.steps {
      let passes = settings.batches(step: stepsTaken, of: sequences.count).map { $0.map { sequences[$0] } }
      try onStep(try step(passes))
    }
  }

  /// One optimiser step over the sequences of its passes.
  @discardableResult
  public func step(_ passes: [[TrainingSequence]]) throws -> TrainingStep {
    let factor = settings.schedule.factor(step: stepsTaken, warmUp: settings.warmUp, steps: settings.steps)
    let learningRate = settings.learningRate * factor
    let (loss, gradients) = try lossAndGradients(passes)
    let (cut, norm) = try cutting(gradients)
    guard loss.isFinite, norm.isFinite else {
      throw TelltaleError(.failed, "the training diverged at step \(stepsTaken + 1); try a lower learning rate")
    }
    try optimiser.step(cut, learningRate: learningRate)
    log.append(.init(loss: loss, gradientNorm: norm, learningRate: learningRate))
    return TrainingStep(
      number: stepsTaken, total: settings.steps, loss: loss, gradientNorm: norm, learningRate: learningRate,
      tokens: passes.joined().reduce(0) { $0 + $1.tokens.count })
  }

  /// The mean loss of the passes' predicted tokens and its gradient by each matrix, A before B, in the order of places.
  func lossAndGradients(_ passes: [[TrainingSequence]]) throws -> (loss: Double, gradients: [Tensor]) {
    let total = passes.joined().reduce(0) { $0 + $1.predicted.count }
    guard total > 0, passes.allSatisfy({ $0.contains { !$0.predicted.isEmpty } }) else {
      throw TelltaleError(.badInput, "a batch holds no token to be predicted; give answers of at least one token")
    }
    var loss = 0.0
    var gradients: [Tensor] = []
    for (number, sequences) in passes.enumerated() {
      let pack = TrainingPack(sequences)
      let result = try pass(number, tokens: pack.batch.tokens.count)(pack, total: total)
      loss += result.loss / Double(total)
      gradients = try gradients.isEmpty ? result.gradients : zip(gradients, result.gradients).map { try $0 + $1 }
    }
    return (loss, gradients)
  }

  private func pass(_ number: Int, tokens: Int) throws -> AdaptedPass {
    let current = try LoRAAdapter(configuration, factors: Dictionary(uniqueKeysWithValues: zip(places, leaves)))
    let order = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
    let model = try base.adapted(by: current) { place in
      guard configuration.dropout > 0 else { return nil }
      let seed = settings.dropoutSeed(step: stepsTaken, pass: number, place: order[place] ?? 0)
      return .init(probability: configuration.dropout, seed: seed)
    }
    var byLayer = [[Tensor]](repeating: [], count: base.configuration.layerCount)
    for (place, pair) in zip(places, leaves) { byLayer[place.layer] += [pair.a, pair.b] }
    return AdaptedPass(model: model, leaves: byLayer, keptBlocks: activations.keptBlocks(tokens: tokens))
  }

  /// The gradients cut to the largest norm, and the norm before.
  private func cutting(_ gradients: [Tensor]) throws -> (gradients: [Tensor], norm: Double) {
    var squares = 0.0
    for gradient in gradients { squares += try gradient.converted(to: .float64).power(2).sum().scalar() }
    let norm = squares.squareRoot()
    guard let largest = settings.largestGradient, norm > largest else { return (gradients, norm) }
    return (try gradients.map { try $0 * (largest / norm) }, norm)
  }
}
