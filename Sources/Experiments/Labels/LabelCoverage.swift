import Foundations
import Steering

/// How many answers of a target have a label of a source, by question: rows of the table `labels` by that source.
package struct LabelCoverage: Sendable {
  package struct Group: Sendable {
    package var group: String
    package var positives = 0
    package var negatives = 0
    /// Judged, but the rater could not tell, or raters are divided.
    package var cannotTell = 0
    /// Not judged, and left out of every measure.
    package var unlabelled = 0
  }

  package let choice: LabelChoice
  package let model: ModelName
  package let target: TargetName
  /// By name of the question.
  package let groups: [Group]

  package var answers: Int { labelled + cannotTell + unlabelled }
  /// With a label of 1 or 0.
  package var labelled: Int { groups.reduce(0) { $0 + $1.positives + $1.negatives } }
  package var cannotTell: Int { groups.reduce(0) { $0 + $1.cannotTell } }
  package var unlabelled: Int { groups.reduce(0) { $0 + $1.unlabelled } }

  init(
    _ choice: LabelChoice, _ model: ModelName, _ target: TargetName, _ rows: [RecordedRow],
    _ verdicts: [LabelIndex.Verdict?]
  ) {
    (self.choice, self.model, self.target) = (choice, model, target)
    var groups: [String: Group] = [:]
    for (row, verdict) in zip(rows, verdicts) {
      var group = groups[row.group] ?? Group(group: row.group)
      switch verdict {
      case .label(1): group.positives += 1
      case .label: group.negatives += 1
      case .cannotTell: group.cannotTell += 1
      case nil: group.unlabelled += 1
      }
      groups[row.group] = group
    }
    self.groups = groups.values.sorted { $0.group < $1.group }
  }

  /// `hand labels for 180 of 192 answers; 4 could not be told, most in <question> (3); 8 not labelled and left out`.
  package var sentence: String {
    var parts = ["\(choice.phrase) for \(labelled) of \(answers) answers"]
    if let worst = groups.filter({ $0.cannotTell > 0 }).max(by: { $0.cannotTell < $1.cannotTell }) {
      parts.append("\(cannotTell) could not be told, most in \(worst.group) (\(worst.cannotTell))")
    }
    if unlabelled > 0 { parts.append("\(unlabelled) not labelled and left out") }
    return parts.joined(separator: "; ")
  }

  /// What a row of the table is: one question.
  package typealias Row = (coverage: LabelCoverage, group: Group)

  package var rows: [Row] { groups.map { (self, $0) } }

  package static let table = Table<Row>(
    "labels", "By other labels: how many answers of one model to one question have such a label.",
    [
      .text("label_source", "Whose labels: `hand`, `hand:<rater>` or `judge:<name>`.", \.coverage.choice.description),
      .text("model", "The model that answered.", \.coverage.model.text),
      .text("target", "The data set.", \.coverage.target.text),
      .text("group", "The distinct question.", \.group.group),
      .integer("positives", "Answers that show the behaviour.", unit: "answers", \.group.positives),
      .integer("negatives", "Answers that do not.", unit: "answers", \.group.negatives),
      .integer(
        "cannot_tell", "Answers that were looked at and could not be told, or divide raters.", unit: "answers",
        \.group.cannotTell),
      .integer(
        "unlabelled", "Answers without a label; left out of every measure.", unit: "answers", \.group.unlabelled),
    ])
}
