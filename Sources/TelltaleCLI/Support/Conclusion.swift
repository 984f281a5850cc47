import CommandSupport
import Experiments
import Foundation
import Foundations
import Statistics
import Steering

/// The last line of a command: what was found, in one sentence.
enum Conclusion {
  // MARK: Vectors

  /// Split-half reliability from which a vector counts as reliable: the usual floor for a measuring instrument
  /// (Nunnally 1978).
  static let reliable = 0.7

  /// Whether another sample of the questions would have given the same vector.
  ///
  /// - Parameters:
  ///   - reliability: by layer; absent where it is undefined.
  ///   - questions: distinct ones among the pairs.
  static func reliability(_ reliability: [Int: Double], questions: Int) -> String {
    guard let best = reliability.sorted(by: { $0.key < $1.key }).max(by: { $0.value < $1.value }) else {
      return
        "How reliable the vector is cannot be said: \(questions) \(questions == 1 ? "question has" : "questions have") "
        + "no halves to compare."
    }
    let value = ShownNumber.text(best.value, places: 2)
    let good = reliability.filter { $0.value >= reliable }.keys.sorted()
    guard !good.isEmpty else {
      return "No layer is reliable: at most \(value), at layer \(best.key), where \(reliable) is the usual floor; "
        + "\(questions) \(questions == 1 ? "question is" : "questions are") few."
    }
    let which = good.count == reliability.count && good.count > 1 ? "All layers are" : "Reliable"
    let layers = good.count == reliability.count && good.count > 1 ? "reliable" : "at \(written(good))"
    return "\(which) \(layers) (\(reliable) and more), most at layer \(best.key) (\(value))."
  }

  /// `layer 3`, `layers 3-8, 10`.
  static func written(_ layers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for layer in layers.sorted() {
      if let last = ranges.last, last.upperBound + 1 == layer {
        ranges[ranges.count - 1] = last.lowerBound...layer
      } else {
        ranges.append(layer...layer)
      }
    }
    let parts = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return (layers.count == 1 ? "layer " : "layers ") + parts.joined(separator: ", ")
  }

  // MARK: Sweeps

  /// Which layer steers: the interval of its mean slope, corrected for the number of layers and rules (Bonferroni),
  /// excludes 0.
  static func sweep(_ responses: [DoseResponse], groups: [String]) -> String {
    guard !responses.isEmpty else { return "No layer was steered." }
    let confidence = 1 - 0.05 / Double(responses.count)
    let corrected = responses.count == 1 ? "" : ", corrected for \(responses.count) looks"
    let sure = responses.filter { response in
      guard let interval = ClusteredMean(response.slopes, groups: groups)?.interval(confidence: confidence) else {
        return false
      }
      return interval.low > 0 || interval.high < 0
    }
    let candidates = sure.isEmpty ? responses : sure
    guard let best = candidates.max(by: { abs($0.slope.value) < abs($1.slope.value) }) else { return "" }
    let slope = String(format: "%+.3g", best.slope.value)
    let place = "layer \(best.layer) (\(best.positions))"
    guard !sure.isEmpty else {
      return
        "No layer steers: the largest slope is \(slope) nats per unit of scale, at \(place), and no interval excludes "
        + "0\(corrected)."
    }
    let way = best.slope.value > 0 ? "towards the behaviour" : "away from the behaviour"
    let other = best.slope.value > 0 ? best.antiSteerable.value : 1 - best.antiSteerable.value
    return "\(place.prefix(1).uppercased() + place.dropFirst()) steers most, \(way): \(slope) nats per unit of scale; "
      + String(format: "%.0f %% of the items move the other way", 100 * other) + "\(corrected)."
  }

  // MARK: Runs

  /// How many predictions were supported, and the strongest of them.
  static func run(_ audits: [AuditResult]) -> String? {
    guard !audits.isEmpty else { return nil }
    let supported = audits.filter { $0.audit.verdict == .supported }
    let counts = Verdict.allCases.compactMap { verdict -> String? in
      let count = audits.count { $0.audit.verdict == verdict }
      return count > 0 ? "\(count) \(verdict.rawValue)" : nil
    }
    let all = "of \(audits.count) \(audits.count == 1 ? "verdict" : "verdicts"): \(counts.joined(separator: ", "))"
    guard let best = supported.max(by: { strength($0) < strength($1) }) else {
      return "Found: no vector predicts its target beyond what else is known (\(all))."
    }
    let layer = best.layers == "all" ? "the best layer" : "layer \(best.layers)"
    return "Found: \(best.vector) predicts \(best.target) at \(layer), \(best.position) (\(all))."
  }

  private static func strength(_ result: AuditResult) -> Double {
    abs((result.audit.within?.auroc ?? result.audit.across?.auroc ?? 0.5) - 0.5)
  }
}

extension Verdict {
  /// On a terminal; the word says it too.
  var colour: TerminalColour.Meaning {
    switch self {
    case .supported: .good
    case .explained, .cannotTell: .doubtful
    case .absent: .bad
    }
  }
}
