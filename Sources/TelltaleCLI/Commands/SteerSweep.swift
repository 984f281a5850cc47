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
      chosen on half of the groups and judged on the other half, and vice versa. Ablation is always among the cells, and \
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
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard grid.vector != nil else { throw ValidationError("--vector is missing: give the vector file to sweep") }
  }

  func run() throws {
    if let output { try AtomicFolder.refuseExisting(URL(fileURLWithPath: output)) }
    Interruption.explain { "nothing was written" }
    let data = try source.load()
    let other = try outOfDistribution.map { try Dataset.load(URL(fileURLWithPath: $0)) }
    let text = try perplexity.map { try TextFile.read($0) }
    let exam = try capability.map { try ExamReader.load(URL(fileURLWithPath: $0)) }
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let cells = try grid.cells(loaded, ablating: true)
    let encoder = try source.encoder(loaded.tokenizer, data)
    Terminal.note("\(loaded.startLine); \(data.drawn.count) items in \(cells.count) cells")
    let meter = ProgressMeter(unit: "items")
    meter.begin("steering", total: data.drawn.count)
    let sweep = try SteeringSweep(loaded, encoder, cells: cells).run(
      data.drawn, outOfDistribution: other, promptBaseline: promptBaseline, text: text, exam: exam,
      seed: source.items.seed, onItems: { meter.update($0, done: $1, total: $2) })
    try report(sweep)
  }

  private func report(_ sweep: SteeringSweep.Result) throws {
    let tables = SweepTables(sweep).named
    if let output {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      for (name, table) in tables { try table.write(to: "\(output)/\(name).csv") }
    }
    if printing.json { return try Output.json(Dictionary(uniqueKeysWithValues: tables)) }
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
    let measured = sweep.inDistribution
    Output.prose(Conclusion.sweep(measured.doseResponses(), groups: measured.groups))
  }
}
