import Foundation
import Foundations
import Statistics
import Torch

/// Makes a monitor from a recording: the combination and the threshold are chosen on one half of the questions, and the
/// card's rates are measured on the other.
public struct MonitorFit {
  public var name: String
  public var position = ReadPosition.prompt
  public var score = ScoreKind.cosine
  /// The share of rows without the behaviour that may be flagged.
  public var falsePositiveRate = 0.05
  /// The seed of the halves.
  public var seed: UInt64 = 0

  public init(name: String) { self.name = name }

  /// - Parameters:
  ///   - vectors: by name; each at the requested layers, or at all that it shares with the recording.
  ///   - recording: of rows whose questions no vector was made from.
  ///   - place: the recording's folder, for the card.
  public func monitor(
    _ vectors: [(name: String, vectors: SteeringVectors, hash: String)], layers: [Int]?, _ recording: Recording,
    from place: String
  ) throws -> Monitor {
    guard falsePositiveRate > 0, falsePositiveRate < 1 else {
      throw TelltaleError(
        .badInput, "a false-positive rate of \(falsePositiveRate) is out of range; give one such as 0.05")
    }
    let (features, directions) = try chosen(vectors, layers, recording)
    let all = try Monitor.scores(features, directions, recording, at: position, as: score)
    let used = recording.rows.indices.filter { recording.rows[$0].label != nil && all[$0].allSatisfy(\.isFinite) }
    let rows = used.map { recording.rows[$0] }
    do {
      let card = try card(rows, used.map { all[$0] }, vectors[0].vectors.provenance, place)
      return Monitor(features: features, directions: directions, card: card)
    } catch let error as StatisticsError { throw TelltaleError(.badInput, error.message, at: .init(file: place)) }
  }

  private func chosen(
    _ vectors: [(name: String, vectors: SteeringVectors, hash: String)], _ layers: [Int]?, _ recording: Recording
  ) throws -> ([Monitor.Feature], [[Float]]) {
    var features: [Monitor.Feature] = []
    var directions: [[Float]] = []
    for (name, vectors, hash) in vectors {
      let held = vectors.sortedLayers.filter(recording.layers.contains)
      let own = layers.map { wanted in held.filter(wanted.contains) } ?? held
      guard !own.isEmpty else {
        throw TelltaleError(.badInput, "the vector \(name) and the recording share none of the layers asked for")
      }
      for layer in own {
        features.append(
          Monitor.Feature(
            vector: name, layer: layer, vectorHash: hash, winsorised: vectors.provenance.winsorised))
        directions.append(try vectors.vector(layer))
      }
    }
    return (features, directions)
  }

  private func card(
    _ rows: [RecordedRow], _ features: [[Double]], _ provenance: VectorProvenance, _ place: String
  ) throws -> MonitorCard {
    let (labels, groups) = (rows.map { $0.label ?? 0 }, rows.map(\.group))
    let halves = try GroupHalves(labels: labels, groups: groups, seed: seed)
    let detector = try Detector(
      features: halves.choosing.map { features[$0] }, labels: halves.choosing.map { labels[$0] })
    let logOdds = features.map(detector.logOdds)
    func part(_ half: [Int]) -> (scores: [Double], labels: [Int], groups: [String]) {
      (half.map { logOdds[$0] }, half.map { labels[$0] }, half.map { groups[$0] })
    }
    let (choosing, measuring) = (part(halves.choosing), part(halves.measuring))
    let threshold = try FrozenThreshold(
      target: falsePositiveRate, choosing: (choosing.scores, choosing.labels), measuring: measuring)
    guard let reference = ScoreReference(logOdds, groups: groups) else {
      throw TelltaleError(.badInput, "all rows of \(place) have the same score or are of one question; record more")
    }
    let baselines = MonitorBaselines(rows, halves)
    let validation = MonitorCard.Validation(
      recording: place, rows: rows.count, questions: Set(groups).count, choosingRows: halves.choosing.count,
      measuringRows: halves.measuring.count, baseRate: Double(labels.reduce(0, +)) / Double(labels.count),
      areas: baselines.areas(of: measuring.scores),
      calibration: OperatingPoints.Calibration(
        probabilities: halves.measuring.map { detector.probability(features[$0]) }, labels: measuring.labels,
        groups: measuring.groups),
      failures: baselines.failures(measuring.scores, threshold))
    return MonitorCard(
      name: name, model: provenance.model ?? "", modelFingerprint: provenance.modelFingerprint ?? "",
      position: position, score: score, detector: detector, threshold: threshold, validation: validation,
      reference: reference, telltale: Version.current)
  }
}
