import CommandSupport
import Foundation
import Foundations
import Statistics
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

  private static let verdictTable = Table<ChainVerdict>(
    "verdicts", "Whether the behaviour was trained along the vector, in one distribution.",
    [
      .text("set", "`in` or `out` of distribution.", \.set),
      .text("answer", "`yes`, `no` or `cannot tell`.", \.answer.rawValue),
    ],
    ["cosine", "shift", "behaviour"].enumerated().map { index, name in
      .text(name, "Whether the criterion \(name) `holds`, `fails` or is `open`.") {
        $0.criteria[index].outcome.rawValue
      }
    },
    [
      .text("runs_through_vector", "Whether removing the vector removes the behaviour.", \.runsThroughVector.rawValue),
      .text("sentence", "The verdict in words.", \.sentence),
    ])

  private static let rateTable = Table<BehaviourRate>(
    "rates", "How often a model shows the behaviour on one set.",
    [
      .text("set", "`in` or `out` of distribution.", \.set),
      .text("model", "`base`, or the fine-tuned model.", \.model.rawValue),
      .integer("rows", "Held-out rows.", unit: "rows", \.rows),
      .integer("groups", "Distinct questions among them.", unit: "questions", \.groups),
    ],
    .estimate("rate", "Share of answers with the behaviour.", unit: "0 to 1", \.rate),
    .estimate("change", "That minus the base model's on the same rows.", unit: "-1 to 1", \.change),
    .estimate("margin", "log p(matching) - log p(likeliest other).", unit: "nats", \.margin))

  private static let cosineTable = Table<VectorComparison.Layer>(
    "cosines", "The vector of fine-tuning and the given one at one layer.",
    [.integer("layer", "The layer.", \.layer)],
    .of(
      SimilarityEvidence.columns.filter {
        !["reliability_a", "reliability_b", "dimension", "verdict"].contains($0.name)
      },
      \.evidence),
    [.text("agreement", "Whether the two are the same but for noise.", \.evidence.verdict.rawValue)])

  private static let shiftTable = Table<ProjectionShift>(
    "shifts", "How far fine-tuning moved the residual stream along the vector, at one layer.",
    [
      .text("set", "`in` or `out` of distribution.", \.set), .text("model", "The fine-tuned model.", \.model.rawValue),
      .integer("layer", "The layer.", \.layer),
    ],
    .estimate(
      "shift", "Mean shift of the projection on the vector.", unit: "units of the residual stream", \.shift),
    [
      .number("in_vectors", "The same in lengths of the vector.", \.inVectors),
      .number("null_p", "P of as large a shift along random directions.", \.nullP),
    ],
    .estimate("spearman", "Rank correlation of shift and change of margin over rows.", unit: "-1 to 1", \.spearman))

  private static let steeringTable = Table<SteeredRate>(
    "steering", "What adding or removing a direction does to the behaviour.",
    [
      .text("set", "`in` or `out` of distribution.", \.set),
      .text("model", "The model that is steered.", \.model.rawValue),
      .text("operation", "`none`, `add` or `ablate`.", \.operation.rawValue),
      .text("direction", "`finetuning`, `given`, `random` or `none`.", \.direction.rawValue),
      .integer("layer", "The block whose output is edited.", \.layer),
      .number("scale", "What the direction is multiplied by.", \.scale),
    ],
    .estimate("rate", "Share of answers with the behaviour.", unit: "0 to 1", \.rate),
    .estimate("gain", "That minus the same model's without the edit.", unit: "-1 to 1", \.gain),
    .estimate("margin", "log p(matching) - log p(likeliest other).", unit: "nats", \.margin),
    [.integer("positions_edited", "Tokens whose residual stream was edited.", unit: "tokens", \.positionsEdited)])

  private typealias Item = (of: ProjectionShift, item: ProjectionShift.Item)

  private static let itemTable = Table<Item>(
    "items", "One held-out row at the judged layer.",
    [
      .text("set", "`in` or `out` of distribution.", \.of.set),
      .text("model", "The fine-tuned model.", \.of.model.rawValue), .integer("layer", "The layer.", \.of.layer),
      .text("id", "The row.", \.item.id), .text("group", "Its distinct question.", \.item.group),
      .number(
        "shift", "Shift of the projection on the vector.", unit: "units of the residual stream", \.item.shift),
      .number("margin_change", "Margin minus the base model's.", unit: "nats", \.item.marginChange),
    ])

  static let declarations: [any TableDeclaration] = [
    verdictTable, rateTable, cosineTable, shiftTable, steeringTable, itemTable,
  ]

  private var verdicts: TableValues { Self.verdictTable.values(report.verdicts) }
  private var rates: TableValues { Self.rateTable.values(report.rates) }
  private var cosines: TableValues { Self.cosineTable.values(report.comparison) }
  private var shifts: TableValues { Self.shiftTable.values(report.shifts) }
  private var steering: TableValues { Self.steeringTable.values(report.steering) }

  private var judged: [ProjectionShift] { report.shifts.filter { $0.layer == report.layer } }
  private var shownShifts: TableValues { Self.shiftTable.values(judged) }
  private var items: TableValues {
    Self.itemTable.values(judged.flatMap { shift in shift.items.map { (shift, $0) } })
  }
}
