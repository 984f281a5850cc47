import CommandSupport
import Foundation
import Foundations
import Steering
import Torch

/// A fine-tuning chain's results as tables.
struct ChainTables {
  private let report: ChainReport

  init(_ report: ChainReport) { self.report = report }

  private var named: [(String, TableValues)] {
    [
      ("verdicts", verdicts), ("rates", rates), ("cosines", cosines), ("shifts", shifts), ("steering", steering),
      ("items", items),
    ]
  }

  struct JSON: Encodable {
    var layer: Int
    var sharedQuestions: Int
    var trainings: [FinetuningReport]
    var verdicts: [ChainVerdict]
    var rates, cosines, shifts, steering: TableValues
  }

  var json: JSON {
    JSON(
      layer: report.layer, sharedQuestions: report.sharedGroups, trainings: report.trainings,
      verdicts: report.verdicts, rates: rates, cosines: cosines, shifts: shifts, steering: steering)
  }

  func write(to folder: String) throws {
    for (name, table) in named { try table.write(to: "\(folder)/\(name).csv") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try AtomicFile.write(encoder.encode(json), to: URL(fileURLWithPath: folder).appending(path: "chain.json"))
  }

  func print() {
    if report.sharedGroups > 0 {
      Output.line(
        "\(report.sharedGroups) questions are both in the training and in the test data, asked in other texts")
    }
    for (name, table) in [("rates", rates), ("cosines", cosines), ("shifts", shownShifts), ("steering", steering)] {
      Output.line("\(name)")
      table.print()
      Output.line("")
    }
    for verdict in report.verdicts {
      Output.line("\(verdict.set == "in" ? "in" : "out of") distribution: \(SafeText.visible(verdict.sentence))")
    }
  }

  private var verdicts: TableValues {
    var table = TableValues(["set", "answer", "cosine", "shift", "behaviour", "runs_through_vector", "sentence"])
    for verdict in report.verdicts {
      table.rows.append(
        [.text(verdict.set), .text(verdict.answer.rawValue)]
          + verdict.criteria.map { .text($0.outcome.rawValue) }
          + [.text(verdict.runsThroughVector.rawValue), .text(verdict.sentence)])
    }
    return table
  }

  private var rates: TableValues {
    var table = TableValues(
      ["set", "model", "rows", "groups"] + ["rate", "change", "margin"].flatMap(TableValues.estimate))
    for rate in report.rates {
      table.rows.append(
        [.text(rate.set), .text(rate.model.rawValue), .integer(rate.rows), .integer(rate.groups)]
          + [rate.rate, rate.change, rate.margin].flatMap(TableValue.estimate))
    }
    return table
  }

  private var cosines: TableValues {
    var table = TableValues(
      ["layer"] + TableValues.estimate("cosine")
        + ["ceiling"] + TableValues.estimate("disattenuated")
        + ["p_dimension", "effective_dimension", "p_effective", "agreement"])
    for layer in report.comparison {
      let evidence = layer.evidence
      table.rows.append([
        .integer(layer.layer), .number(evidence.cosine), .number(evidence.cosineInterval?.low),
        .number(evidence.cosineInterval?.high), .number(evidence.ceiling), .number(evidence.disattenuated),
        .number(evidence.disattenuatedInterval?.low), .number(evidence.disattenuatedInterval?.high),
        .number(evidence.pDimension), .number(evidence.effectiveDimension), .number(evidence.pEffective),
        .text(evidence.verdict.rawValue),
      ])
    }
    return table
  }

  private var shifts: TableValues { table(report.shifts) }

  /// At the judged layer only.
  private var shownShifts: TableValues { table(report.shifts.filter { $0.layer == report.layer }) }

  private func table(_ shifts: [ProjectionShift]) -> TableValues {
    var table = TableValues(
      ["set", "model", "layer"] + TableValues.estimate("shift") + ["in_vectors", "null_p"]
        + TableValues.estimate("spearman"))
    for shift in shifts {
      table.rows.append(
        [.text(shift.set), .text(shift.model.rawValue), .integer(shift.layer)]
          + TableValue.estimate(shift.shift) + [.number(shift.inVectors), .number(shift.nullP)]
          + [.number(shift.spearman?.value), .number(shift.spearman?.low), .number(shift.spearman?.high)])
    }
    return table
  }

  private var steering: TableValues {
    var table = TableValues(
      ["set", "model", "operation", "direction", "layer", "scale"]
        + ["rate", "gain", "margin"].flatMap(TableValues.estimate) + ["positions_edited"])
    for row in report.steering {
      table.rows.append(
        [
          .text(row.set), .text(row.model.rawValue), .text(row.operation.rawValue), .text(row.direction.rawValue),
          .integer(row.layer), .number(row.scale),
        ] + [row.rate, row.gain, row.margin].flatMap(TableValue.estimate) + [.integer(row.positionsEdited)])
    }
    return table
  }

  /// Every held-out row at the judged layer.
  private var items: TableValues {
    var table = TableValues(["set", "model", "layer", "id", "group", "shift", "margin_change"])
    for shift in report.shifts where shift.layer == report.layer {
      for item in shift.items {
        table.rows.append([
          .text(shift.set), .text(shift.model.rawValue), .integer(shift.layer), .text(item.id), .text(item.group),
          .number(item.shift), .number(item.marginChange),
        ])
      }
    }
    return table
  }
}
