import Foundations
import Statistics
import Steering

// The tables of `telltale agreement`: how far sources of labels agree.

extension LabelAgreement.Pair {
  package static let table = Table<Self>(
    "label-agreement", "Two sources of labels, or two passes of one person, on the answers that both labelled 1 or 0.",
    [
      .text("first", "A source: `recorded`, `hand`, `hand:<rater>` or `judge:<name>`.", \.first.description),
      .text("second", "Another, or the same at its second pass.", \.second.description),
      .integer("n", "Answers that both labelled 1 or 0.", unit: "answers") { $0.measures?.items ?? 0 },
      .integer("groups", "Distinct questions among them.", unit: "questions") { $0.measures?.groups ?? 0 },
      .integer("cannot_tell", "Answers that one of the two could not tell.", unit: "answers", \.cannotTell),
      .integer("first_positives", "Answers that the first labelled 1.", unit: "answers", \.firstPositives),
      .integer("second_positives", "Answers that the second labelled 1.", unit: "answers", \.secondPositives),
    ],
    .estimate(
      "agreement", "Share of answers labelled alike.", unit: "0 to 1", \.measures?.observed,
      interval: \.measures?.observedInterval),
    .estimate("kappa", "Cohen's kappa.", unit: "-1 to 1", \.measures?.kappa, interval: \.measures?.kappaInterval),
    .estimate(
      "ac1", "Gwet's AC1, which does not collapse where one label dominates.", unit: "-1 to 1", \.measures?.ac1,
      interval: \.measures?.ac1Interval))
}

extension LabelAgreement.JudgeAccuracy {
  package static let table = Table<Self>(
    "label-judges", "One judge against the hand labels, which are taken for the truth.",
    [
      .text("judge", "The judge.", \.judge.description),
      .integer("hand_1", "Answers that people label 1.", unit: "answers", \.positives),
    ],
    .estimate(
      "sensitivity", "Share of them that the judge labels 1.", unit: "0 to 1", \.sensitivity?.mean,
      interval: { $0.sensitivity?.interval() }),
    [.integer("hand_0", "Answers that people label 0.", unit: "answers", \.negatives)],
    .estimate(
      "specificity", "Share of them that the judge labels 0.", unit: "0 to 1", \.specificity?.mean,
      interval: { $0.specificity?.interval() }))
}

extension LabelAgreement.Disagreement {
  /// A column a source.
  package static func table(_ sources: [String]) -> Table<Self> {
    Table(
      "label-disagreements", "One answer on which sources differ.",
      [
        .text("answer", "Its key: what labels name it by.", \.answer.answer),
        .text("model", "The model that gave it.", \.answer.model.text),
        .text("dataset", "The data set.", \.answer.dataset.text),
        .text("item", "The item that was answered.", \.answer.item),
        .text("group", "The distinct question.", \.answer.group),
      ],
      sources.map { source in
        .text(
          source, "A column for each source: 1, 0, `?` where it could not be told, empty where it was not looked at."
        ) {
          $0.verdicts.first { $0.source.description == source }.map { $0.label.map(String.init) ?? "?" }
        }
      },
      [
        .text("needs_adjudication", "`yes` where people differ and nobody has adjudicated.") {
          $0.needsAdjudication ? "yes" : "no"
        }
      ])
  }
}

extension LabelAgreement {
  package var disagreementTable: TableValues {
    Disagreement.table(sources.filter { $0 != .hand }.map(\.description)).values(disagreements)
  }
}
