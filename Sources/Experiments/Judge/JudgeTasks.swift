import Foundation
import Foundations
import Steering

/// One answer, or a pair of answers in both orders: what is asked, and the labels that follow from the replies.
struct JudgeTask: Sendable {
  enum Kind: Sendable {
    case answer(String)
    /// The keys of the two answers.
    case pair(String, String)
  }

  let kind: Kind
  let group: String
  /// One question, or two: the pair in its order and turned round.
  let questions: [JudgeQuestion]
  /// Why nothing is asked; nil where it is.
  let skip: Skip?

  enum Skip: String, Sendable {
    case tooLong = "too long to be judged"
    case alike = "both answers are the same"
  }

  /// Longer texts are not cut, which would be another text, but not judged.
  static let longest = 200_000

  init(_ answer: LabelledAnswer, _ rubric: JudgeRubric) {
    kind = .answer(answer.answer)
    group = answer.group
    questions = [JudgeQuestion(rubric, prompt: answer.prompt, answer: answer.continuation)]
    skip = Self.isTooLong([answer.prompt, answer.continuation]) ? .tooLong : nil
  }

  init(_ first: LabelledAnswer, _ second: LabelledAnswer, _ rubric: JudgeRubric) {
    kind = .pair(first.answer, second.answer)
    group = first.group
    let (one, other) = (first.continuation, second.continuation)
    questions = [
      JudgeQuestion(rubric, prompt: first.prompt, first: one, second: other),
      JudgeQuestion(rubric, prompt: first.prompt, first: other, second: one),
    ]
    skip = one == other ? .alike : Self.isTooLong([first.prompt, one, other]) ? .tooLong : nil
  }

  private static func isTooLong(_ texts: [String]) -> Bool { texts.reduce(0) { $0 + $1.utf8.count } > longest }

  /// The labels that replies lead to; a nil reply could not be read.
  func labels(_ replies: [JudgeReply?], by judge: String, _ rubric: JudgeRubric) -> [HandLabel] {
    let note = replies.map { $0?.reason ?? "no reply could be read" }.joined(separator: " | ")
    let given: [(answer: String, label: Int?)] =
      switch kind {
      case .answer(let answer): [(answer, replies.first??.label)]
      case .pair(let one, let other): Self.verdicts(one, other, PairOutcome(replies))
      }
    return given.map { answer, label in
      var made = HandLabel(
        answer: answer, label: label, rater: HandLabel.judgePrefix + judge,
        note: skip?.rawValue ?? note)
      made.rubric = rubric.hash
      // Of what is said of what: stored once however often a judge is started again.
      made.key = String(
        ContentHash.json(["judge", judge, rubric.hash, answer] + replies.map { "\($0?.label ?? -1)" }).prefix(32))
      return made
    }
  }

  /// The answer that both orders choose is the behaviour and the other is not; else neither can be told.
  private static func verdicts(
    _ one: String, _ other: String, _ outcome: PairOutcome
  ) -> [(answer: String, label: Int?)] {
    switch outcome {
    case .first: [(one, 1), (other, 0)]
    case .second: [(one, 0), (other, 1)]
    default: [(one, nil), (other, nil)]
    }
  }
}

/// What the two orders of a pair say together.
enum PairOutcome: Sendable, Equatable {
  /// Both chose the first answer of the pair, or its second.
  case first, second
  /// Both chose what was shown first, or what was shown second: the order decided.
  case shownFirst, shownSecond
  case cannotTell

  init(_ replies: [JudgeReply?]) {
    switch (replies.first??.label, replies.last??.label) {
    case (1, 2): self = .first
    case (2, 1): self = .second
    case (1, 1): self = .shownFirst
    case (2, 2): self = .shownSecond
    default: self = .cannotTell
    }
  }
}

/// Two sides of a comparison: models, or data sets of models, whose answers to the same items are paired.
package struct JudgePairs: Sendable, Equatable {
  /// A model's short name, with a data set or without.
  struct Side: Equatable {
    let model: ModelName
    let dataset: TargetName?

    init(_ text: String, _ run: StoredRun) throws {
      let whole = run.models.first { $0.text == text }
      let split = text.lastIndex(of: "/")
      model = whole ?? ModelName(split.map { String(text[..<$0]) } ?? text)
      dataset = whole == nil ? split.map { TargetName(String(text[text.index(after: $0)...])) } : nil
      guard run.models.contains(model) else {
        throw TelltaleError(
          .badInput,
          "pairs: there is no model \"\(SafeText.quoted(text))\"; there are \(run.models.map(\.text).joined(separator: ", "))"
        )
      }
      guard dataset.map(run.experiment.recordedDatasets.contains) ?? true else {
        let known = run.experiment.recordedDatasets.map(\.text).joined(separator: ", ")
        throw TelltaleError(
          .badInput, "pairs: there is no data set \"\(SafeText.quoted(dataset?.text ?? ""))\"; there are \(known)")
      }
    }

    /// - Parameter datasets: those that are meant where the side names none.
    func holds(_ answer: LabelledAnswer, _ datasets: [TargetName]) -> Bool {
      answer.model == model && (dataset.map { $0 == answer.dataset } ?? datasets.contains(answer.dataset))
    }
  }

  package let first: String
  package let second: String

  /// - Parameter names: two of `MODEL` or `MODEL/DATASET`.
  package init(_ first: String, _ second: String) { (self.first, self.second) = (first, second) }

  /// The tasks for all items that both sides answered.
  ///
  /// - Parameter datasets: those that are meant where a side names none.
  func tasks(
    _ answers: [LabelledAnswer], _ datasets: [TargetName], _ rubric: JudgeRubric, _ run: StoredRun
  ) throws -> [JudgeTask] {
    let (one, other) = (try Side(first, run), try Side(second, run))
    guard one != other else { throw TelltaleError(.badInput, "pairs names one side twice; name two") }
    // Of two data sets, items are matched by their id alone: source file and row.
    func name(_ answer: LabelledAnswer) -> [String] {
      one.dataset == nil || other.dataset == nil ? [answer.dataset.text, answer.item] : [answer.item]
    }
    let partners = Dictionary(
      answers.filter { other.holds($0, datasets) }.map { (name($0), $0) }, uniquingKeysWith: { earlier, _ in earlier })
    return answers.filter { one.holds($0, datasets) }.compactMap { answer in
      partners[name(answer)].map { JudgeTask(answer, $0, rubric) }
    }
  }
}
