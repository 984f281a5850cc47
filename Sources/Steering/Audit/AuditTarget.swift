import LanguageModels
import Statistics
import Torch

/// The rows of a recording that can be judged at a read position: those with a label and an activation there.
public struct AuditTarget: Sendable {
  private let recording: Recording
  public let position: ReadPosition
  /// Which rows of the recording they are.
  public let indices: [Int]
  public let rows: [RecordedRow]
  public var labels: [Int] { rows.map { $0.label ?? 0 } }
  public var groups: [String] { rows.map(\.group) }
  public var layers: [Int] { recording.layers }
  /// The width of the residual stream.
  let width: Int

  /// - Throws: `SteeringError` if no row has a label, or nothing was recorded at the position.
  public init(_ recording: Recording, at position: ReadPosition) throws(SteeringError) {
    guard let activations = recording.activations[position] else {
      throw SteeringError(
        .badInput, "the recording has no activations at \"\(position.rawValue)\"; record them at that position")
    }
    indices = recording.rows.indices.filter {
      recording.rows[$0].label != nil && (position == .prompt || recording.rows[$0].continuationToken != nil)
    }
    guard !indices.isEmpty else {
      throw SteeringError(
        .failed,
        "none of \(recording.rows.count) answers could be given a label, so nothing can be predicted; "
          + "try recording.label: forced-choice")
    }
    width = activations.size(-1)
    self.recording = recording
    self.position = position
    rows = indices.map { recording.rows[$0] }
  }

  /// Float32 [rows, hidden].
  func stream(layer: Int) throws -> Tensor {
    let all = try recording.stream(position, layer: layer)
    return try indices.count == recording.rows.count ? all : all.selected(0, indices)
  }

  /// The rows with a score each, and what is known of where they come from.
  public func scored(by scores: [Double]) throws(StatisticsError) -> ScoredRows {
    try ScoredRows(
      scores: scores, labels: labels, groups: groups, letters: known(\.letter), sources: rows.map(\.source),
      userSides: known(\.userSide))
  }

  /// The rows with their cosines to a vector [hidden]; `nil` where layer or width do not fit the recording.
  public func cosines(_ vector: [Float], layer: Int) throws -> ScoredRows? {
    guard layers.contains(layer) else { return nil }
    let stream = try stream(layer: layer)
    guard stream.size(1) == vector.count, vector.contains(where: { $0 != 0 }) else { return nil }
    return try scored(by: ScoreKind.cosine.scores(stream, vector: vector))
  }

  /// Float [hidden], the mean of rows with label 1 minus that of rows with label 0; `nil` where a class is empty.
  func classMeanDifference(layer: Int) throws -> [Float]? {
    let labels = labels
    let ones = labels.reduce(0, +)
    guard ones > 0, ones < labels.count, layers.contains(layer) else { return nil }
    let weights = labels.map { $0 == 1 ? 1 / Double(ones) : -1 / Double(labels.count - ones) }
    return try Tensor(weights).matmul(stream(layer: layer).converted(to: .float64)).floats()
  }

  /// Baselines that need no activations: the answer letter, the length of the prompt, and, as a mark to measure by, the
  /// model's own logit difference.
  func rowBaselines() -> [AuditBaseline] {
    var baselines: [AuditBaseline] = []
    if let letters = known(\.letter) {
      baselines.append(AuditBaseline(name: "answer letter", scores: shareOfPositives(letters), isTrivial: true))
    }
    baselines.append(
      AuditBaseline(name: "prompt length", scores: rows.map { Double($0.promptTokens) }, isTrivial: true))
    if let margins = known(\.logitDifference) {
      baselines.append(AuditBaseline(name: "model's own logit difference", scores: margins, isTrivial: false))
    }
    return baselines
  }

  /// AUROC of the model's own logit difference; `nil` where it was not measured for every row or is undefined.
  public var logitBaselineAUROC: Double? {
    known(\.logitDifference).flatMap { Measures.auroc(scores: $0, labels: labels) }
  }

  /// A property that is known of every row, or `nil`.
  private func known<Value>(_ property: KeyPath<RecordedRow, Value?>) -> [Value]? {
    let values = rows.compactMap { $0[keyPath: property] }
    return values.count == rows.count ? values : nil
  }

  /// Each row's letter scored by its share of positives, so that the score does not depend on the letters' order.
  private func shareOfPositives(_ letters: [String]) -> [Double] {
    let byLetter = Dictionary(grouping: labels.indices, by: { letters[$0] })
    let labels = labels
    let shares = byLetter.mapValues { rows in Double(rows.reduce(0) { $0 + labels[$1] }) / Double(rows.count) }
    return letters.map { shares[$0] ?? 0 }
  }
}
