import CommandSupport
import Foundation
import Foundations
import Steering

/// A trace for a person: by vector and layer the text with its scores, message by message, and what they sum up to.
struct TraceText {
  /// Beyond this many, texts are too many to look at one below the other.
  static let mostStrips = 4

  let trace: TokenTrace
  let score: TraceScore
  let width: Int
  let colour: Bool

  func lines() -> [String] {
    guard trace.series.count <= Self.mostStrips else {
      return summary() + ["name up to \(Self.mostStrips) layers with --layers to see their tokens"]
    }
    return Array(trace.series.map(strip).joined(separator: [""]))
  }

  private func strip(_ series: TokenTrace.Series) -> [String] {
    let scores = series.scores(score)
    let range = Self.range(trace.text.counted.map { scores[$0] })
    let heading =
      "\(SafeText.visible(series.vector)), layer \(series.layer), \(score): \(TraceStrip.legend(range, colour: colour))"
    func body(_ tokens: [Int]) -> [String] {
      TraceStrip.lines(
        tokens.map { (trace.text.tokens[$0].text, scores[$0]) }, range: range, width: width, colour: colour)
    }
    guard !trace.text.turns.isEmpty else {
      return [heading] + body(trace.text.tokens.indices.filter { trace.text.tokens[$0].isContent })
        + [sentence(trace.whole(scores))]
    }
    let turns = zip(trace.text.turns, trace.turns(scores)).flatMap { turn, own in
      ["[\(SafeText.visible(turn.role))] \(sentence(own))"] + body(turn.tokens)
    }
    return [heading] + turns + trace.drifts(scores).map(sentence)
  }

  /// By vector and layer, in columns.
  private func summary() -> [String] {
    let rows = trace.series.map { series in
      let own = trace.whole(series.scores(score))
      let numbers = [own?.mean, own?.max, own?.last].map { $0.map { String(format: "%10.4g", $0) } ?? "         -" }
      return String(format: "%5d", series.layer) + numbers.joined() + "  " + SafeText.visible(series.vector)
    }
    return ["layer      mean       max      last  vector (\(score))"] + rows
  }

  private func sentence(_ aggregate: TraceAggregate?) -> String {
    guard let aggregate else { return "no words of it are in the text that the model reads" }
    return String(
      format: "mean %.3g, max %.3g, last %.3g (%d tokens)", aggregate.mean, aggregate.max, aggregate.last,
      aggregate.tokens)
  }

  private func sentence(_ drift: TraceDrift) -> String {
    String(
      format: "drift of %@: %+.3g from the first to the last of %d messages, %+.3g a message",
      SafeText.visible(drift.role), drift.change, drift.turns, drift.slope)
  }

  /// The 5 % lowest and highest tokens do not set the scale.
  private static func range(_ scores: [Double]) -> ClosedRange<Double> {
    let sorted = scores.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return 0...0 }
    let cut = sorted.count / 20
    return sorted[cut]...sorted[sorted.count - 1 - cut]
  }
}
