import Foundation
import Statistics
import Steering

/// How far the sources of a run's labels agree: people with each other, judges and the recorded labels, and each with itself.
///
/// Measures are of the answers that both sources gave 1 or 0; those that one of them could not tell are counted separately.
/// Intervals are clustered by question, over all models and data sets.
package struct LabelAgreement: Sendable {
  /// Two sources, or two passes of one.
  package struct Pair: Sendable {
    package let first: LabelChoice
    package let second: LabelChoice
    /// Nil where no answer has a label of 1 or 0 by both.
    package let measures: ClusteredAgreement?
    /// Answers that both judged and at least one could not tell.
    package let cannotTell: Int
    /// Labels of 1 among the answers that are measured.
    package let firstPositives: Int
    package let secondPositives: Int
  }

  /// How well a judge finds what people find; the labels of people are taken for the truth.
  package struct JudgeAccuracy: Sendable {
    package let judge: LabelChoice
    /// Answers that people call 1, and the share of them that the judge calls 1; nil where there are none.
    package let positives: Int
    package let sensitivity: ClusteredMean?
    /// Answers that people call 0, and the share of them that the judge calls 0.
    package let negatives: Int
    package let specificity: ClusteredMean?
  }

  /// An answer on which sources differ; "cannot tell" with a label of 1 or 0 is no disagreement.
  package struct Disagreement: Sendable {
    package let answer: LabelledAnswer
    /// What each source says, in the order of `LabelAgreement.sources`.
    package let verdicts: [(source: LabelChoice, label: Int?)]
    /// Whether people differ among themselves and nobody has adjudicated.
    package let needsAdjudication: Bool
  }

  package let sources: [LabelChoice]
  package let answers: Int
  /// Every two sources that judged an answer both; people together are not compared with each of them.
  package let pairs: [Pair]
  /// Each person who judged some answers twice: the first pass with the second.
  package let selfAgreement: [Pair]
  /// Krippendorff's alpha of all people but the adjudicator; nil for fewer than two.
  package let alpha: KrippendorffAlpha?
  package let judges: [JudgeAccuracy]
  package let disagreements: [Disagreement]

  package init(_ run: StoredRun) throws { self.init(try LabelledAnswers(run)) }

  init(_ labelled: LabelledAnswers) {
    (sources, answers) = (labelled.sources, labelled.answers.count)
    pairs = labelled.sources.indices.flatMap { first in
      labelled.sources[(first + 1)...].compactMap { labelled.pair(labelled.sources[first], $0) }
    }
    selfAgreement = labelled.sources.filter(\.isPerson).compactMap(labelled.passes)
    alpha = labelled.alpha
    judges = labelled.sources.filter(\.isJudge).compactMap(labelled.accuracy)
    disagreements = labelled.answers.compactMap { Disagreement($0, labelled.sources) }
  }
}

extension LabelChoice {
  /// One person.
  var isPerson: Bool {
    if case .rater = self { true } else { false }
  }

  var isJudge: Bool {
    if case .judge = self { true } else { false }
  }
}

extension LabelledAnswers {
  /// Nil where no answer was judged by both, and for people together with one of them.
  fileprivate func pair(_ first: LabelChoice, _ second: LabelChoice) -> LabelAgreement.Pair? {
    if first == .hand, second.isPerson { return nil }
    let both = answers.compactMap { answer -> RatedTwice? in
      guard let one = answer.verdicts[first], let other = answer.verdicts[second] else { return nil }
      return RatedTwice(first: one.label, second: other.label, group: answer.group)
    }
    return both.isEmpty ? nil : LabelAgreement.Pair(first, second, both)
  }

  /// The first pass of a person with the second.
  fileprivate func passes(of rater: LabelChoice) -> LabelAgreement.Pair? {
    guard case .rater(let name) = rater else { return nil }
    let both = answers.compactMap { answer -> RatedTwice? in
      guard let one = given.label(RaterPass(name), answer.answer),
        let other = given.label(RaterPass(name, isSecond: true), answer.answer)
      else { return nil }
      return RatedTwice(first: one.label, second: other.label, group: answer.group)
    }
    return both.isEmpty ? nil : LabelAgreement.Pair(rater, rater, both)
  }

  fileprivate var alpha: KrippendorffAlpha? {
    let people = sources.filter { $0.isPerson && $0 != .rater(LabelChoice.adjudicated) }
    guard people.count > 1 else { return nil }
    return KrippendorffAlpha(
      answers.map { answer in people.compactMap { answer.verdicts[$0]?.label } }, groups: answers.map(\.group))
  }

  fileprivate func accuracy(of judge: LabelChoice) -> LabelAgreement.JudgeAccuracy? {
    var found: [Int: (alike: [Double], groups: [String])] = [0: ([], []), 1: ([], [])]
    for answer in answers {
      guard let truth = given.verdict(.hand, on: answer.answer)?.label, let label = answer.verdicts[judge]?.label
      else { continue }
      found[truth]?.alike.append(label == truth ? 1 : 0)
      found[truth]?.groups.append(answer.group)
    }
    guard let ones = found[1], let zeros = found[0], !(ones.alike.isEmpty && zeros.alike.isEmpty) else { return nil }
    return LabelAgreement.JudgeAccuracy(
      judge: judge, positives: ones.alike.count,
      sensitivity: ClusteredMean(ones.alike, groups: ones.groups, proportion: true), negatives: zeros.alike.count,
      specificity: ClusteredMean(zeros.alike, groups: zeros.groups, proportion: true))
  }
}

/// Two labels of one answer.
private struct RatedTwice {
  var first: Int?
  var second: Int?
  var group: String
}

extension LabelAgreement.Pair {
  fileprivate init(_ first: LabelChoice, _ second: LabelChoice, _ both: [RatedTwice]) {
    var ones: [Int] = []
    var others: [Int] = []
    var groups: [String] = []
    for rated in both {
      guard let one = rated.first, let other = rated.second else { continue }
      ones.append(one)
      others.append(other)
      groups.append(rated.group)
    }
    (self.first, self.second) = (first, second)
    measures = ClusteredAgreement(ones, others, groups: groups)
    cannotTell = both.count - ones.count
    (firstPositives, secondPositives) = (ones.reduce(0, +), others.reduce(0, +))
  }
}

extension LabelAgreement.Disagreement {
  /// Nil where nobody differs.
  fileprivate init?(_ answer: LabelledAnswer, _ sources: [LabelChoice]) {
    let own = sources.filter { $0 != .hand }
    let labels = own.compactMap { answer.verdicts[$0]?.label }
    guard Set(labels).count > 1 else { return nil }
    let people = own.filter(\.isPerson)
    self.answer = answer
    verdicts = own.compactMap { source in answer.verdicts[source].map { (source, $0.label) } }
    needsAdjudication =
      Set(people.compactMap { answer.verdicts[$0]?.label }).count > 1
      && answer.verdicts[.rater(LabelChoice.adjudicated)] == nil
  }
}
