import Foundation
import Steering

/// What sources say of answers.
extension LabelIndex {
  /// What a source says of an answer.
  package enum Verdict: Sendable, Hashable {
    case label(Int)
    /// Given, but neither 1 nor 0: the rater could not tell, or raters are divided.
    case cannotTell

    init(_ label: Int?) { self = label.map(Verdict.label) ?? .cannotTell }

    /// 1, 0 or nil.
    package var label: Int? {
      if case .label(let value) = self { value } else { nil }
    }
  }

  /// What a source says of an answer; nil where it has not judged it, and for the recorded labels, which are not given.
  package func verdict(_ choice: LabelChoice, on answer: String) -> Verdict? {
    let given = labels(of: answer)
    switch choice {
    case .recorded: return nil
    case .hand: return Self.hands(given)
    case .rater(let name): return given[.hand(rater: name)].map { Verdict($0.label) }
    case .judge(let name): return given[.judge(name: name)].map { Verdict($0.label) }
    }
  }

  /// The adjudicated label; else what more raters say than say anything else, "cannot tell" counted like the others.
  private static func hands(_ given: [LabelSource: HandLabel]) -> Verdict? {
    if let decided = given[.hand(rater: LabelChoice.adjudicated)] { return Verdict(decided.label) }
    var votes: [Verdict: Int] = [:]
    for (source, label) in given where source.isHand { votes[Verdict(label.label), default: 0] += 1 }
    guard let most = votes.values.max() else { return nil }
    let winners = votes.filter { $0.value == most }.keys
    return winners.count == 1 ? winners.first : .cannotTell
  }
}

extension LabelSource {
  /// Whether a person gave it.
  var isHand: Bool {
    if case .hand = self { true } else { false }
  }
}
