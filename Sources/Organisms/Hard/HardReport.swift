import Foundation
import Statistics
import Steering
import Torch

/// The properties of a hard organism and the audit's verdicts on its vectors, measured on rows that it was not trained on.
package struct HardReport: Sendable, Encodable {
  package enum Vector: String, Sendable, Encodable, CaseIterable {
    case planted = "planted direction"
    case pairs = "pairs of instructions"
    case classMeans = "class means"
    case politeness = "pairs about politeness"
  }

  package enum Expectation: String, Sendable, Encodable {
    case supported
    case notSupported = "not supported"
  }

  /// A vector's audit at the planted layer; `auroc` is the one across questions.
  package struct Judged: Sendable, Encodable {
    package var vector: Vector
    /// Columns that were held fixed in addition to those that always are.
    package var kept: [String]
    /// The cosine with the planted direction.
    package var cosine: Double
    package var auroc: Double
    package var low: Double
    package var high: Double
    package var verdict: String
    package var specificity: String
    package var expected: Expectation?

    /// Whether the verdict is the expected one; nil where none is.
    package var isAsPlanted: Bool? { expected.map { ($0 == .supported) == (verdict == Verdict.supported.rawValue) } }
  }

  /// The AUROC of class means minus that of pairs of instructions, clustered by question.
  package struct Fall: Sendable, Encodable {
    package var difference: Double
    package var low: Double
    package var high: Double
    package var p: Double?
  }

  package var organism: HardOrganism
  package var trainingSeed: UInt64
  package var evaluationSeed: UInt64
  package var stream: HardStream
  package var behaviour: HardBehaviour
  package var verdicts: [Judged]
  /// The share of 1,000 directions drawn from the activations' covariance that lie closer to 0.5 than the planted one.
  package var nullsBeaten: Double
  package var fall: Fall?
}

/// The residual stream at the planted layer.
package struct HardStream: Sendable, Encodable {
  /// The share of the variance along the planted direction.
  package var plantedShare: Double
  /// The share of the variance in the first principal component.
  package var firstShare: Double
  /// The slope of log variance on log rank over the first 32 principal components: -1 is a 1/k spectrum.
  package var slope: Double

  /// - Parameter stream: float32 [rows, hidden].
  init(_ stream: Tensor, planted: [Float]) throws {
    let wide = try stream.converted(to: .float64)
    let centred = try wide - wide.mean(0, keep: true)
    let covariance = try centred.transposed(0, 1).matmul(centred) / Double(stream.size(0))
    let values = try covariance.eigenSymmetric().values.doubles().sorted(by: >)
    let total = values.reduce(0, +)
    let along = try centred.matmul(Tensor(planted).converted(to: .float64)).power(2).mean().scalar()
    (plantedShare, firstShare) = (along / total, values[0] / total)
    let points = (1...32).map { (log(Double($0)), log(values[$0 - 1])) }
    let (x, y) = (points.map(\.0).reduce(0, +) / 32, points.map(\.1).reduce(0, +) / 32)
    slope = points.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) } / points.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
  }
}

/// What the organism answers.
package struct HardBehaviour: Sendable, Encodable {
  package var rows: Int
  package var unparsable: Int
  /// The share of rows in which the user's answer is given.
  package var positives: Double
  /// Means of the planted score with and without the behaviour, in pooled standard deviations.
  package var dPrime: Double
  package var auroc: Double
  /// How often the user's answer is given in the lowest quarter of the planted score, by the model's own probabilities: about
  /// the share of flipped answers.
  package var noise: Double

  /// - Parameter scores: of the planted direction, one per row.
  init(_ recording: Recording, scores: [Double]) throws {
    let read = recording.rows.indices.filter { recording.rows[$0].label != nil }
    rows = recording.rows.count
    unparsable = rows - read.count
    let labels = read.map { recording.rows[$0].label ?? 0 }
    let own = read.map { scores[$0] }
    positives = Double(labels.reduce(0, +)) / Double(max(1, read.count))
    auroc = Measures.auroc(scores: own, labels: labels) ?? .nan
    let classes = [1, 0].map { label in zip(own, labels).filter { $0.1 == label }.map(\.0) }
    let means = classes.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
    let variances = zip(classes, means).map { values, mean in
      values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
    }
    dPrime = (means[0] - means[1]) / ((variances[0] + variances[1]) / 2).squareRoot()
    let lowest = scores.indices.sorted { scores[$0] < scores[$1] }.prefix(rows / 4)
    let margins = lowest.compactMap { recording.rows[$0].logitDifference }
    noise = margins.reduce(0) { $0 + 1 / (1 + exp(-$1)) } / Double(max(1, margins.count))
  }
}

extension HardReport {
  /// Whether everything that was planted was found: every verdict, a direction that beats 95 % of the null ones, and in
  /// `broken` class means that predict worse.
  package var isAsPlanted: Bool {
    verdicts.allSatisfy { $0.isAsPlanted ?? true } && nullsBeaten >= 0.95 && (organism != .broken || falls)
  }

  /// Whether class means predict worse than pairs of instructions.
  package var falls: Bool { fall.map { $0.difference < 0 && ($0.p ?? 1) < 0.05 } ?? false }

  /// The report as two Markdown tables.
  package var markdown: String { [propertyTable, verdictTable].joined(separator: "\n\n") }

  private var propertyTable: String {
    let rows: [(String, String)] = [
      ("share of the variance along the planted direction", percent(stream.plantedShare)),
      ("share in the first principal component", percent(stream.firstShare)),
      ("slope of the spectrum (log variance on log rank, 32 components)", String(format: "%.2f", stream.slope)),
      ("rows with the behaviour", percent(behaviour.positives)),
      ("answers that could not be read", "\(behaviour.unparsable)"),
      ("user's answer in the lowest quarter (label noise)", percent(behaviour.noise)),
      ("d' of the planted direction", String(format: "%.2f", behaviour.dPrime)),
      ("AUROC of the planted direction", String(format: "%.3f", behaviour.auroc)),
      ("null directions that it beats", percent(nullsBeaten)),
      ("AUROC of class means minus that of pairs", fallText),
    ]
    return (["| property | value |", "|---|---|"] + rows.map { "| \($0.0) | \($0.1) |" }).joined(separator: "\n")
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  private var fallText: String {
    guard let fall else { return "undefined" }
    return String(format: "%+.3f [%+.3f, %+.3f]", fall.difference, fall.low, fall.high)
  }

  private var verdictTable: String {
    let rows = verdicts.map { row in
      let area = String(format: "%+.3f | %.3f [%.3f, %.3f]", row.cosine, row.auroc, row.low, row.high)
      let kept = row.kept.isEmpty ? "" : ", \(row.kept.joined(separator: ", ")) held fixed"
      return "| \(row.vector.rawValue)\(kept) | \(area) | \(row.verdict) | \(row.expected?.rawValue ?? "-") |"
    }
    let head = "| vector | cosine with planted | AUROC | verdict | planted |"
    return ([head, "|---|---|---|---|---|"] + rows).joined(separator: "\n")
  }
}
