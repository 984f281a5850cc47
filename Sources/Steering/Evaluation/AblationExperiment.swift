import Foundations
import LanguageModels
import Statistics
import Torch

/// Does removing the component along a vector change how often a model shows the behaviour, and does it take away what the
/// activations told of it?
///
/// The items are answered by the model as it is, with the component removed, and with a random direction removed in its
/// place, which shows what any such damage does.
public struct AblationExperiment {
  public struct Report: Sendable {
    public var rows: Int
    public var groups: Int
    /// Rows without a readable answer, of the model as it is and ablated.
    public var unparsableBefore: Int
    public var unparsableAfter: Int
    /// The rate of the behaviour among rows with both answers readable.
    public var before: Estimate
    public var after: Estimate
    /// After minus before, row by row.
    public var difference: Estimate
    /// The same with the random direction removed.
    public var control: Estimate
    public var predictivity: [Predictive]
    public var edits: EditReport
  }

  /// AUROC of the cosine with a layer's vector at the prompt's last token, with intervals clustered by group; nil where a
  /// class is missing or the component is gone.
  public struct Predictive: Sendable {
    public var layer: Int
    /// The model's own stream and its own answers.
    public var before: Area?
    /// The stream before the ablation against the answers after it: whether the vector still tells what the ablated model does.
    public var beforeOfAfter: Area?
    /// The ablated stream against the ablated model's answers; nil at an ablated layer, whose component is zero.
    public var after: Area?
  }

  public struct Area: Sendable, Encodable {
    public var auroc: Double
    public var low: Double?
    public var high: Double?
  }

  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let vectors: SteeringVectors
  private let options: Options

  public struct Options: Sendable {
    /// Layers whose own direction is removed at that block's output; nil means all that the file holds.
    public var layers: [Int]?
    public var positions: EditPositions = .all
    public var labelSource: LabelSource = .forcedChoice
    public var maxTokens = Recorder.Options.defaultMaxTokens
    /// Of the random direction.
    public var seed: UInt64 = 0
    public init() {}
  }

  public init(
    _ loaded: LoadedModel, _ encoder: PromptEncoder, _ vectors: SteeringVectors, _ options: Options = Options()
  ) {
    (self.loaded, self.encoder, self.vectors, self.options) = (loaded, encoder, vectors, options)
  }

  /// - Parameter onItems: items that are answered in a part of the experiment, of how many.
  public func run(
    _ items: [Item], onItems: @escaping (_ title: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> Report {
    let edits = try vectors.ablations(layers: options.layers, positions: options.positions)
    func answered(_ title: String, _ edits: [SteeringEdit]) throws -> Recording {
      try record(items, edits) { onItems(title, $0, items.count) }
    }
    let before = try answered("as it is", [])
    let after = try answered("ablated", edits)
    let control = try answered("a random direction ablated", random(like: edits))
    let both = items.indices.filter { before.rows[$0].label != nil && after.rows[$0].label != nil }
    let groups = both.map { before.rows[$0].group }
    func labels(_ recording: Recording) -> [Double] { both.map { Double(recording.rows[$0].label ?? 0) } }
    // Forced choices are made in passes of their own, which are the ones to report.
    let edited = options.labelSource == .forcedChoice ? after.choiceEdits : after.edits
    guard let report = edited, !both.isEmpty else {
      throw TelltaleError(
        .badInput, "no row has an answer that can be read before and after; use forced-choice labels",
        remedy: .labelByChoice)
    }
    return Report(
      rows: items.count, groups: Set(before.rows.map(\.group)).count,
      unparsableBefore: before.rows.count { $0.label == nil }, unparsableAfter: after.rows.count { $0.label == nil },
      before: Estimate(labels(before), groups: groups, proportion: true),
      after: Estimate(labels(after), groups: groups, proportion: true),
      difference: Estimate(zip(labels(after), labels(before)).map { $0 - $1 }, groups: groups),
      control: differences(control, before), predictivity: try predictivity(before, after, Set(edits.map(\.layer))),
      edits: report)
  }

  private func record(
    _ items: [Item], _ edits: [SteeringEdit], _ onProgress: @escaping (Int) -> Void
  ) throws -> Recording {
    var recorder = Recorder.Options(layers: vectors.sortedLayers)
    recorder.labelSource = options.labelSource
    recorder.maxTokens = options.labelSource == .forcedChoice ? 1 : options.maxTokens
    recorder.edits = edits
    return try Recorder(loaded, encoder, recorder).record(items, onProgress: onProgress)
  }

  private func differences(_ a: Recording, _ b: Recording) -> Estimate {
    let rows = a.rows.indices.filter { a.rows[$0].label != nil && b.rows[$0].label != nil }
    return Estimate(
      rows.map { Double((a.rows[$0].label ?? 0) - (b.rows[$0].label ?? 0)) }, groups: rows.map { a.rows[$0].group })
  }

  /// The same edits with one random direction instead of all.
  private func random(like edits: [SteeringEdit]) throws -> [SteeringEdit] {
    let drawn = try Tensor.randomNormal([vectors.hiddenSize], seed: options.seed)
    let unit = try drawn / drawn.norm().scalar()
    return edits.map { SteeringEdit(layer: $0.layer, .ablate(unit), positions: $0.positions) }
  }

  private func predictivity(_ before: Recording, _ after: Recording, _ ablated: Set<Int>) throws -> [Predictive] {
    try vectors.sortedLayers.map { layer in
      let own = try scores(before, layer)
      let later = ablated.contains(layer) ? nil : try scores(after, layer)
      return Predictive(
        layer: layer, before: area(own, before.rows), beforeOfAfter: area(own, after.rows),
        after: later.flatMap { area($0, after.rows) })
    }
  }

  private func scores(_ recording: Recording, _ layer: Int) throws -> [Double] {
    let stream = try vectors.prepared(recording.stream(.prompt, layer: layer))
    return try ScoreKind.cosine.scores(stream, vector: vectors.unit(layer))
  }

  private func area(_ scores: [Double], _ rows: [RecordedRow]) -> Area? {
    ClusteredAUROC(scores, of: rows).map { area in
      let interval = area.interval()
      return Area(auroc: area.auroc, low: interval?.low, high: interval?.high)
    }
  }
}
