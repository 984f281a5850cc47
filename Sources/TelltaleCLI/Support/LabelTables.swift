import CommandSupport
import Experiments
import Foundations
import Statistics
import Steering

/// Tables of labels: what other labels change, and how far sources agree.
enum LabelTables {
  static func changes(_ changes: [LabelChange]) -> TableValues {
    var table = TableValues(
      [
        "label_source", "reference", "model", "vector", "target", "position", "layer", "score", "n", "changed", "auroc",
        "auroc_reference",
      ] + TableValues.estimate("difference") + ["p_difference"])
    table.rows = changes.map { change in
      let interval = change.test?.interval()
      return [
        .text(change.labels.description), .text(change.reference.description), .text(change.model.text),
        .text(change.vector.text), .text(change.target.text), .text(change.position), .integer(change.layer),
        .text(change.score),
        .integer(change.n), .integer(change.changed), .number(change.auroc), .number(change.aurocReference),
        .number(change.test?.difference), .number(interval?.low), .number(interval?.high), .number(change.test?.p),
      ]
    }
    return table
  }

  static func pairs(_ pairs: [LabelAgreement.Pair]) -> TableValues {
    var table = TableValues(
      ["first", "second", "n", "groups", "cannot_tell", "first_positives", "second_positives"]
        + TableValues.estimate("agreement") + TableValues.estimate("kappa") + TableValues.estimate("ac1"))
    table.rows = pairs.map { pair in
      let measures = pair.measures
      return [
        .text(pair.first.description), .text(pair.second.description), .integer(measures?.items ?? 0),
        .integer(measures?.groups ?? 0), .integer(pair.cannotTell), .integer(pair.firstPositives),
        .integer(pair.secondPositives), .number(measures?.observed),
      ] + ends(measures?.observedInterval) + [.number(measures?.kappa)] + ends(measures?.kappaInterval)
        + [.number(measures?.ac1)] + ends(measures?.ac1Interval)
    }
    return table
  }

  /// For a terminal: an interval beside its value.
  static func shortPairs(_ pairs: [LabelAgreement.Pair]) -> TableValues {
    var table = TableValues(["first", "second", "n", "groups", "cannot_tell", "agreement", "kappa", "ac1"])
    table.rows = pairs.map { pair in
      let measures = pair.measures
      return [
        .text(pair.first.description), .text(pair.second.description), .integer(measures?.items ?? 0),
        .integer(measures?.groups ?? 0), .integer(pair.cannotTell),
        short(measures?.observed, measures?.observedInterval), short(measures?.kappa, measures?.kappaInterval),
        short(measures?.ac1, measures?.ac1Interval),
      ]
    }
    return table
  }

  private static func short(_ value: Double?, _ interval: Interval?) -> TableValue {
    guard let value else { return .text("undefined") }
    let ends = interval.map { String(format: " [%.3f, %.3f]", $0.low, $0.high) } ?? " [undefined]"
    return .text(String(format: "%.3f", value) + ends)
  }

  static func judges(_ judges: [LabelAgreement.JudgeAccuracy]) -> TableValues {
    var table = TableValues(
      ["judge", "hand_1"] + TableValues.estimate("sensitivity") + ["hand_0"] + TableValues.estimate("specificity"))
    table.rows = judges.map { judge in
      [.text(judge.judge.description), .integer(judge.positives), .number(judge.sensitivity?.mean)]
        + ends(judge.sensitivity?.interval()) + [.integer(judge.negatives), .number(judge.specificity?.mean)]
        + ends(judge.specificity?.interval())
    }
    return table
  }

  /// One row an answer, a column a source: 1, 0, `?` where it could not be told, nothing where it was not judged.
  static func disagreements(_ agreement: LabelAgreement) -> TableValues {
    let sources = agreement.sources.filter { $0 != .hand }
    var table = TableValues(
      ["answer", "model", "dataset", "item", "group"] + sources.map(\.description) + ["needs_adjudication"])
    table.rows = agreement.disagreements.map { found in
      let answer = found.answer
      let labels = Dictionary(found.verdicts.map { ($0.source, $0.label) }, uniquingKeysWith: { first, _ in first })
      let cells: [TableValue] = sources.map { source in
        .text(labels[source].map { $0.map(String.init) ?? "?" })
      }
      return [
        .text(answer.answer), .text(answer.model.text), .text(answer.dataset.text), .text(answer.item),
        .text(answer.group),
      ]
        + cells + [.text(found.needsAdjudication ? "yes" : "no")]
    }
    return table
  }

  private static func ends(_ interval: Interval?) -> [TableValue] {
    [.number(interval?.low), .number(interval?.high)]
  }
}
