import Foundation
import Foundations
import LanguageModels
import Statistics
import Torch

/// A frozen detector of a behaviour: vectors at layers, a read position, the fit that turns their scores into a probability,
/// and a threshold.
///
/// It contains the directions, so that it needs no other file; its card says what it was validated on.
public struct Monitor: Sendable {
  /// One vector at one layer.
  public struct Feature: Sendable, Equatable, Codable {
    public var vector: String
    public var layer: Int
    /// The SHA-256 of the vector's file.
    public var vectorHash: String
    /// The share of the coordinates of every activation that was winsorised for the vector, and is for its scores; nil for none.
    @NullIfAbsent public var winsorised: Double?

    /// The scores of activations, float32 [rows, hidden].
    func scores(_ stream: Tensor, _ direction: [Float], as kind: ScoreKind) throws -> [Double] {
      let prepared = try winsorised.map { try Winsorising(share: $0)(stream) } ?? stream
      return try kind.scores(prepared, vector: direction)
    }
  }

  public let features: [Feature]
  /// By feature: float32 [hidden].
  public let directions: [[Float]]
  public let card: MonitorCard

  public var hiddenSize: Int { directions.first?.count ?? 0 }
  public var layers: [Int] { Set(features.map(\.layer)).sorted() }

  init(features: [Feature], directions: [[Float]], card: MonitorCard) {
    (self.features, self.directions, self.card) = (features, directions, card)
  }

  /// The scores of the features for each row of a recording; NaN where the row was not read.
  package static func scores(
    _ features: [Feature], _ directions: [[Float]], _ recording: Recording, at position: ReadPosition,
    as kind: ScoreKind
  ) throws -> [[Double]] {
    let columns = try zip(features, directions).map { feature, direction in
      try feature.scores(recording.stream(position, layer: feature.layer), direction, as: kind)
    }
    return recording.rows.indices.map { row in columns.map { $0[row] } }
  }

  /// The log odds of the behaviour of every row of a recording; NaN where the row was not read.
  public func logOdds(_ recording: Recording) throws -> [Double] {
    guard let width = recording.activations.values.first?.size(-1), width == hiddenSize else {
      throw TelltaleError(
        .badInput,
        "the recording is of another model: the width of its residual stream is not the monitor's \(hiddenSize)")
    }
    let scores = try Self.scores(features, directions, recording, at: card.position, as: card.score)
    return scores.map { $0.allSatisfy(\.isFinite) ? card.detector.logOdds($0) : .nan }
  }

  /// The log odds of the behaviour for one text.
  ///
  /// - Parameter streams: by layer, float32 [1, hidden]: the residual stream at the monitor's read position.
  package func logOdds(of streams: [Int: Tensor]) throws -> Double {
    let scores = try zip(features, directions).map { feature, direction in
      guard let stream = streams[feature.layer] else {
        throw TelltaleError(.invalidArgument, "the monitor reads layer \(feature.layer), which was not recorded")
      }
      return try feature.scores(stream, direction, as: card.score)[0]
    }
    return card.detector.logOdds(scores)
  }

  /// Refuses a monitor of another model.
  package func check(against model: LanguageModel, fingerprint: String) throws(TelltaleError) {
    guard hiddenSize == model.configuration.hiddenSize, (layers.last ?? 0) < model.configuration.layerCount else {
      throw TelltaleError(
        .badInput,
        "the monitor \(card.name) is of another model: it reads width \(hiddenSize) at layer "
          + "\(layers.last ?? 0); use one that was fitted to this model")
    }
    guard card.modelFingerprint.isEmpty || card.modelFingerprint == fingerprint else {
      throw TelltaleError(
        .badInput, "the monitor \(card.name) was fitted to another model (\(card.model)); fit one to this model")
    }
  }
}

/// What a monitor states about itself.
public struct MonitorCard: Sendable, Equatable, Codable {
  public var name: String
  /// The model and its weights, as stated in the first vector's file; empty where they are not.
  public var model: String
  public var modelFingerprint: String
  public var position: ReadPosition
  public var score: ScoreKind
  public var detector: Detector
  /// On the log odds.
  public var threshold: FrozenThreshold
  public var validation: Validation
  /// The log odds of all rows that it was made from.
  public var reference: ScoreReference
  public var telltale: String

  /// Measurements on the half of the questions that was not used to choose.
  public struct Validation: Sendable, Equatable, Codable {
    /// The folder of the recording.
    public var recording: String
    public var rows: Int
    public var questions: Int
    public var choosingRows: Int
    public var measuringRows: Int
    public var baseRate: Double
    /// The AUROCs of the monitor and of the baselines, which need no activations, on the same rows.
    public var areas: [Area]
    public var calibration: OperatingPoints.Calibration?
    /// Levels at which the false-positive rate is above the target, beyond chance: "source quiz: 31.2 % (...)".
    public var failures: [String]
  }

  public struct Area: Sendable, Equatable, Codable {
    /// `monitor`, `logit difference`, `prompt length`, `words of the prompt`.
    public var of: String
    @NullIfAbsent public var auroc: Double?
    @NullIfAbsent public var low: Double?
    @NullIfAbsent public var high: Double?
    /// For a baseline, whether the monitor's AUROC is higher, beyond chance (paired, clustered by question).
    @NullIfAbsent public var isBeaten: Bool?
  }

  /// Sentences for a person.
  public var sentences: [String] {
    let rate = threshold.falsePositiveRate
    let area = { (area: Area) in "\(area.of) \(ShownNumber.text(area.auroc, area.low, area.high))" }
    var lines = [
      "flags rows with a probability of \(Self.percent(probabilityThreshold)) or more, chosen so that "
        + "\(Self.percent(threshold.target)) of the rows without the behaviour are flagged",
      "on \(validation.measuringRows) rows of other questions it flagged \(Self.percent(rate)) of the rows without the "
        + "behaviour and \(Self.percent(threshold.recall)) of those with it; base rate \(Self.percent(validation.baseRate))",
      "AUROC on them: " + validation.areas.map(area).joined(separator: "; "),
    ]
    let unbeaten = validation.areas.filter { $0.isBeaten == false }.map(\.of)
    if !unbeaten.isEmpty {
      lines.append(
        "it is not shown to beat what needs no activations: \(unbeaten.joined(separator: ", "))")
    }
    lines += [threshold.note].compactMap { $0 }
    lines += validation.failures.map { "flags too much at \($0)" }
    return lines
  }

  public var probabilityThreshold: Double { 1 / (1 + Foundation.exp(-threshold.value)) }

  package static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  package static func percent(_ share: ClusteredProportion) -> String {
    guard let interval = share.interval else { return percent(share.value) }
    return "\(percent(share.value)) [\(percent(interval.low)), \(percent(interval.high))]"
  }
}
