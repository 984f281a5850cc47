import Foundation
import Foundations
import Statistics
import Steering
import Torch

/// Has a model judge the answers of a run. What was asked before is not asked again.
package struct JudgeRun {
  package struct Options: Sendable {
    /// Its labels have the source `judge:<name>`.
    package var name: String
    package var rubric: JudgeRubric
    /// Nil: the targets of the experiment's predictions.
    package var datasets: [String]?
    /// Compare pairs of answers instead of judging each.
    package var pairs: JudgePairs?
    /// Requests under way at a time.
    package var parallel = 4
    /// Requests that begin in a minute at most; nil is no limit.
    package var perMinute: Double?
    /// Requests for one question before the judge is given up.
    package var attempts = 6
    /// Seconds before the second attempt; doubled before each further one.
    var backoff = 1.0

    package init(name: String, rubric: JudgeRubric) { (self.name, self.rubric) = (name, rubric) }
  }

  /// What came of it.
  package struct Summary: Encodable, Sendable {
    package var judge: String
    package var rubric: String
    package var rubricHash: String
    /// Answers, or pairs of answers.
    package var items = 0
    /// Requests that were sent now.
    package var requests = 0
    /// Questions that had a reply from before.
    package var cached = 0
    package var positives = 0
    package var negatives = 0
    package var cannotTell = 0
    /// Questions to which no reply could be read.
    package var malformed = 0
    /// Items that were not asked about.
    package var tooLong = 0
    package var pairs: Pairs?

    package struct Pairs: Encodable, Sendable {
      /// Both orders chose the same answer: the first side's, or the second's.
      package var first = 0
      package var second = 0
      /// The order decided: both times what was shown first, or second.
      package var shownFirst = 0
      package var shownSecond = 0
      package var cannotTell = 0
      /// Share of all choices that fell on what was shown first; 0.5 is no position bias. The interval is clustered by
      /// question.
      package var shownFirstRate: Double?
      package var shownFirstRateInterval: Interval?
    }
  }

  private let run: StoredRun
  private let endpoint: JudgeEndpoint
  private let options: Options

  /// - Throws: `TelltaleError` where the name is none for files.
  package init(_ run: StoredRun, _ endpoint: JudgeEndpoint, _ options: Options) throws {
    let name = options.name
    let allowed = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    guard allowed, !name.isEmpty, name.count <= 60, !name.hasPrefix(".") else {
      throw TelltaleError(
        .badInput, "\"\(SafeText.quoted(name))\" is no name of a judge; use letters, digits, ., _ and -")
    }
    (self.run, self.endpoint, self.options) = (run, endpoint, options)
  }

  /// - Parameters:
  ///   - isOwnProcess: whether the process does nothing else, so that a response which its HTTP client cannot bear may end it.
  ///   - onProgress: items that have their replies, of how many.
  package func judge(
    isOwnProcess: Bool = false, onProgress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws -> Summary {
    let tasks = try tasks()
    let card = JudgeCard(
      endpoint: endpoint.address, model: endpoint.model, temperature: endpoint.temperature,
      rubric: options.rubric.hash, rubricName: options.rubric.name, rubricText: options.rubric.text,
      pairs: options.pairs.map { [$0.first, $0.second] })
    try card.claim(options.name, in: run.directory)
    let lock = try RunLock(run.layout, file: run.layout.judgeLock(options.name))
    defer { withExtendedLifetime(lock) {} }
    let store = try RunStore(run)
    try store.buildRows(run)
    if isOwnProcess { TransportFault.explain(endpoint.address) }
    let desk = try JudgeDesk(tasks, endpoint, options, store, onProgress)
    try desk.work()
    return summary(tasks, desk)
  }

  private func tasks() throws -> [JudgeTask] {
    let wanted = options.datasets?.map { TargetName($0) } ?? run.experiment.targets
    if let unknown = wanted.first(where: { !run.experiment.recordedDatasets.contains($0) }) {
      throw TelltaleError(
        .badInput,
        "there is no recorded data set \"\(SafeText.quoted(unknown.text))\"; there are "
          + run.experiment.recordedDatasets.map(\.text).joined(separator: ", "))
    }
    let all = try LabelledAnswers(run).answers
    guard let pairs = options.pairs else {
      return all.filter { wanted.contains($0.dataset) }.map { JudgeTask($0, options.rubric) }
    }
    let tasks = try pairs.tasks(all, wanted, options.rubric, run)
    guard !tasks.isEmpty else {
      throw TelltaleError(.badInput, "\(pairs.first) and \(pairs.second) have no item that both answered")
    }
    return tasks
  }

  private func summary(_ tasks: [JudgeTask], _ desk: JudgeDesk) -> Summary {
    var summary = Summary(judge: options.name, rubric: options.rubric.name, rubricHash: options.rubric.hash)
    (summary.items, summary.requests, summary.cached) = (tasks.count, desk.requests, desk.cached)
    var outcomes = Summary.Pairs()
    var choices: [Double] = []
    var groups: [String] = []
    for task in tasks {
      let replies = desk.replies(to: task)
      summary.tooLong += task.skip == .tooLong ? 1 : 0
      summary.malformed += task.skip == nil ? replies.count { $0 == nil } : 0
      for label in task.labels(replies, by: options.name, options.rubric) {
        switch label.label {
        case 1: summary.positives += 1
        case 0: summary.negatives += 1
        default: summary.cannotTell += 1
        }
      }
      outcomes.count(PairOutcome(replies))
      for label in replies.compactMap({ $0?.label }) {
        choices.append(label == 1 ? 1 : 0)
        groups.append(task.group)
      }
    }
    guard options.pairs != nil else { return summary }
    let rate = ClusteredMean(choices, groups: groups, proportion: true)
    (outcomes.shownFirstRate, outcomes.shownFirstRateInterval) = (rate?.mean, rate?.interval())
    summary.pairs = outcomes
    return summary
  }
}

extension JudgeRun.Summary.Pairs {
  fileprivate mutating func count(_ outcome: PairOutcome) {
    switch outcome {
    case .first: first += 1
    case .second: second += 1
    case .shownFirst: shownFirst += 1
    case .shownSecond: shownSecond += 1
    case .cannotTell: cannotTell += 1
    }
  }
}
