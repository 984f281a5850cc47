import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct SteerSweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "How items respond to a vector: dose-response, best cell, costs, and what a prompt does.",
    discussion: """
      Every layer, scale and rule of edit positions is measured on the items. Steerability is the least-squares slope of the \
      matching answer's logit difference (nats) against the scale, by item (Tan et al. 2024). The best layer and scale are \
      chosen on half of the groups and judged on the other half, both ways round. Ablation is always among the cells, and \
      compared with the addition whose mean logit difference is nearest. Intervals are of 95 %, clustered by group.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var source: DataOptions
  @Option(help: "Items of another distribution to measure the same grid on.")
  var outOfDistribution: String?
  @OptionGroup var grid: GridOptions
  @Option(help: "Words that ask for the behaviour, put before every item of the unsteered model.")
  var promptBaseline: String?
  @Option(help: "A text whose perplexity is measured in every cell.")
  var perplexity: String?
  @Option(help: "Multiple-choice questions (MMLU's CSV or an A/B file) whose accuracy is measured in every cell.")
  var capability: String?
  @Option(help: "A folder for cells.csv, dose-response.csv, chosen.csv, matched.csv and items.csv; it must not exist.")
  var output: String?
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard grid.vector != nil else { throw ValidationError("--vector is missing: give the vector file to sweep") }
  }

  func run() throws {
    if let output { try AtomicFolder.refuseExisting(URL(fileURLWithPath: output)) }
    let data = try source.load()
    let other = try outOfDistribution.map { try Dataset.load(URL(fileURLWithPath: $0)) }
    let text = try perplexity.map { try TextFile.read($0) }
    let exam = try capability.map { try ExamReader.load(URL(fileURLWithPath: $0)) }
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let cells = try grid.cells(loaded, ablating: true)
    let encoder = try source.encoder(loaded.tokenizer, data)
    let sweep = try SteeringSweep(loaded, encoder, cells: cells).run(
      data.drawn, outOfDistribution: other, promptBaseline: promptBaseline, text: text, exam: exam,
      seed: source.items.seed)
    try report(sweep)
  }

  private func report(_ sweep: SteeringSweep.Result) throws {
    let tables = SweepTables(sweep).named
    if let output {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      for (name, table) in tables { try table.write(to: "\(output)/\(name).csv") }
    }
    if json { return try Output.json(Dictionary(uniqueKeysWithValues: tables)) }
    for (name, table) in tables where name != "items" && !table.rows.isEmpty {
      Output.line("\(name)")
      table.print()
      Output.line("")
    }
    Output.line(
      String(
        format: "computed %.2f times one unsteered pass over the items, for %d cells", sweep.inDistribution.cost.ratio,
        sweep.inDistribution.cells.count))
    if let output { Output.line("written to \(output)") }
  }
}

/// A sweep's results as tables.
struct SweepTables {
  private let sweep: SteeringSweep.Result

  init(_ sweep: SteeringSweep.Result) { self.sweep = sweep }

  var named: [(String, TableValues)] {
    [
      ("cells", cells), ("dose-response", doseResponse), ("chosen", chosen), ("matched", matched), ("items", items),
    ]
  }

  private static let costColumns = ["perplexity", "accuracy", "accuracy_low", "accuracy_high"]

  private func costs(_ cell: Int?) -> [TableValue] {
    let accuracy = cell.flatMap { sweep.exam?[$0].rate }
    return [
      .number(cell.flatMap { sweep.perplexities?[$0] }), .number(accuracy?.value), .number(accuracy?.low),
      .number(accuracy?.high),
    ]
  }

  private static let gainColumns = ["rate", "gain", "margin"].flatMap(TableValues.estimate)

  private func gains(_ summary: ChoiceSummary) -> [TableValue] {
    [summary.rate, summary.gain, summary.margin].flatMap(TableValue.estimate)
  }

  /// Every cell in and out of distribution, the prompt baseline as one more row.
  private var cells: TableValues {
    var table = TableValues(
      ["distribution"] + GridOptions.columns + Self.gainColumns + Self.costColumns + GridOptions.effectColumns)
    func add(_ result: ChoiceEvaluation.Result?, _ name: String) {
      for (index, summary) in (result?.summaries() ?? []).enumerated() {
        table.rows.append(
          [.text(name)] + GridOptions.fields(summary.cell) + gains(summary) + costs(index)
            + GridOptions.fields(summary.effect))
      }
    }
    add(sweep.inDistribution, "in")
    add(sweep.outOfDistribution, "out")
    for (name, baseline) in [("in", sweep.baseline), ("out", sweep.baselineOutOfDistribution)] {
      guard let baseline else { continue }
      let cell: [TableValue] = [.text("prompt"), .integer(nil), .number(nil), .text(nil)]
      table.rows.append([.text(name)] + cell + gains(baseline) + costs(nil) + GridOptions.fields(baseline.effect))
    }
    return table
  }

  private var doseResponse: TableValues {
    var table = TableValues(
      ["distribution", "layer", "edit_positions"] + ["slope", "anti_steerable"].flatMap(TableValues.estimate) + [
        "explained_by_letter", "explained_by_group",
      ])
    for (name, result) in [("in", sweep.inDistribution), ("out", sweep.outOfDistribution)] {
      for dose in result?.doseResponses() ?? [] {
        table.rows.append(
          [.text(name), .integer(dose.layer), .text(dose.positions)]
            + [dose.slope, dose.antiSteerable].flatMap(TableValue.estimate)
            + [.number(dose.explainedByLetter), .number(dose.explainedByGroup)])
      }
    }
    return table
  }

  private var chosen: TableValues {
    var table = TableValues(
      ["fold"] + GridOptions.columns + ["chosen_on_rate", "chosen_on_gain"] + Self.gainColumns + Self.costColumns)
    for (fold, choice) in sweep.chosen.enumerated() {
      table.rows.append(
        [.integer(fold)] + GridOptions.fields(choice.judgedOn.cell)
          + [.number(choice.chosenOn.rate.value), .number(choice.chosenOn.gain.value)] + gains(choice.judgedOn)
          + costs(choice.cell))
    }
    return table
  }

  /// Pairs of rows: an ablation, and the addition nearest to it in effect.
  private var matched: TableValues {
    var table = TableValues(["pair"] + GridOptions.columns + Self.gainColumns + Self.costColumns)
    let summaries = sweep.inDistribution.summaries()
    for (pair, match) in sweep.inDistribution.matchedCells().enumerated() {
      for cell in [match.ablated, match.added] {
        table.rows.append(
          [.integer(pair)] + GridOptions.fields(summaries[cell].cell) + gains(summaries[cell]) + costs(cell))
      }
    }
    return table
  }

  private var items: TableValues {
    var table = TableValues(["distribution", "id", "group", "letter", "layer", "edit_positions", "slope"])
    for (name, result) in [("in", sweep.inDistribution), ("out", sweep.outOfDistribution)] {
      guard let result else { continue }
      for dose in result.doseResponses() {
        for (item, slope) in zip(result.items, dose.slopes) {
          table.rows.append([
            .text(name), .text(item.id), .text(item.group.id), .text(item.matchingLetter), .integer(dose.layer),
            .text(dose.positions), .number(slope),
          ])
        }
      }
    }
    return table
  }
}
