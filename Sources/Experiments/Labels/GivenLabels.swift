import Foundation
import Steering

/// The labels that people and judges gave to the answers of a run, from its journal: by answer, the latest of each source.
public struct GivenLabels: Sendable {
  /// What a source says of an answer.
  public enum Verdict: Sendable, Hashable {
    case label(Int)
    /// Given, but neither 1 nor 0: the rater could not tell, or raters are divided.
    case cannotTell

    init(_ label: Int?) { self = label.map(Verdict.label) ?? .cannotTell }

    /// 1, 0 or nil.
    public var label: Int? {
      if case .label(let value) = self { value } else { nil }
    }
  }

  /// By key of the answer and source: the latest label of the first pass, since later ones only tell how far raters agree
  /// with themselves.
  private let latest: [String: [LabelSource: HandLabel]]
  /// By key of the answer and source: the latest label of each pass, by its number.
  let passes: [String: [LabelSource: [Int: HandLabel]]]

  public init(_ run: StoredRun) throws { self.init(try LabelJournal(run.directory).read()) }

  init(_ labels: [HandLabel]) {
    var latest: [String: [LabelSource: HandLabel]] = [:]
    var passes: [String: [LabelSource: [Int: HandLabel]]] = [:]
    for label in labels {
      if label.isFirstPass { latest[label.answer, default: [:]][label.source] = label }
      passes[label.answer, default: [:]][label.source, default: [:]][label.pass ?? 1] = label
    }
    (self.latest, self.passes) = (latest, passes)
  }

  /// The sources that gave any label, people before judges, by name.
  public var sources: [LabelSource] {
    Set(latest.values.flatMap(\.keys)).sorted { $0.description < $1.description }
  }

  /// The latest label of every source that judged an answer.
  public func labels(of answer: String) -> [LabelSource: HandLabel] { latest[answer] ?? [:] }

  /// What a source says of an answer; nil where it has not judged it, and for the recorded labels, which are not given.
  public func verdict(_ choice: LabelChoice, on answer: String) -> Verdict? {
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
