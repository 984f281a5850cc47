import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what a model does, unsteered and for a grid of layers, scales and edit positions of a vector.",
    discussion: """
      Each prompt's prefix is computed once for the whole grid. Intervals are of 95 % and clustered by group (the distinct \
      question). Scale 0, the unsteered model, is always the first row.
      """,
    subcommands: [
      EvaluateAB.self, EvaluateTruthfulQA.self, EvaluateOpen.self, EvaluatePerplexity.self, EvaluateCapability.self,
    ])
}

/// What every evaluation of items needs.
struct EvaluationOptions: ParsableArguments {
  @OptionGroup var model: ModelOptions
  @OptionGroup var source: DataOptions
  @OptionGroup var grid: GridOptions
  @OptionGroup var table: TableOptions

  func load() throws -> LoadedModel {
    let device = try model.compute.prepare()
    return try model.loaded(on: device)
  }

  /// Says what begins, and returns what is to be told how many items are done.
  static func begin(_ loaded: LoadedModel, items: Int, of cells: [GridCell], unit: String = "items") -> (Int) -> Void {
    Terminal.note("\(loaded.startLine); \(items) \(unit) in \(cells.count) \(cells.count == 1 ? "cell" : "cells")")
    Interruption.explain { "nothing was written" }
    let progress = ProgressBox("evaluating", unit: unit)
    progress.begin(total: items)
    return { progress.update($0, of: items) }
  }
}

struct EvaluateAB: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ab",
    abstract: "The probability of the matching answer over the given answers, and how often it wins.",
    discussion: """
      probability: p(matching) over the answers' first differing token (the letter), with mass, the probability of all those \
      letters together. summed_probability and summed_mass: the same of whole answers, by summed log-probabilities. rate: \
      how often the matching answer is the likeliest; gain: rate minus the unsteered rate; margin: log p(matching) - log \
      p(likeliest other), nats.
      """)
  @OptionGroup var options: EvaluationOptions
  @Option(help: "anthropic, caa or contrast (default: told from the content).")
  var format: String?

  func run() throws {
    let data = try options.source.load(format: format)
    let loaded = try options.load()
    let cells = try options.grid.cells(loaded)
    let encoder = try options.source.encoder(loaded.tokenizer, data)
    let onProgress = EvaluationOptions.begin(loaded, items: data.drawn.count, of: cells)
    let result = try ChoiceEvaluation(loaded, encoder).run(data.drawn, cells: cells, onProgress: onProgress)
    try options.table.report(ChoiceSummary.table().values(result.summaries()))
  }
}

struct EvaluateCapability: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capability", abstract: "Accuracy on multiple-choice questions: what steering costs.",
    discussion: """
      Reads CSV with the columns question, A, B, C, D and answer (MMLU's), or any data with matching and other answers. \
      accuracy: how often the right answer is the likeliest.
      """)
  @OptionGroup var options: EvaluationOptions

  func run() throws {
    let all = try options.source.files.flatMap { try ExamReader.load(URL(fileURLWithPath: $0)) }
    let drawn =
      try options.source.items.take.map { try sample(all, take: $0, seed: options.source.items.seed).items } ?? all
    let loaded = try options.load()
    let cells = try options.grid.cells(loaded)
    let encoder = try options.source.encoder(loaded.tokenizer, (all, drawn))
    let onProgress = EvaluationOptions.begin(loaded, items: drawn.count, of: cells)
    let result = try ChoiceEvaluation(loaded, encoder).run(drawn, cells: cells, onProgress: onProgress)
    try options.table.report(ChoiceSummary.table(rate: "accuracy").values(result.summaries()))
  }
}

struct EvaluateTruthfulQA: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "truthfulqa", abstract: "MC1, MC2 and MC3 of TruthfulQA.",
    discussion: """
      Reads mc_task.json or TruthfulQA.csv. In the plain style a question is put as "Q: <question>\\nA:", after the text of \
      --primer where one is given (the benchmark's own code puts six solved questions there). MC1: the best answer is \
      likelier than every false one; MC2: the true answers' share of the probability of all; MC3: the share of true answers \
      likelier than every false one.
      """)
  @OptionGroup var options: EvaluationOptions
  @Option(help: "A file whose text stands before every question in the plain style.")
  var primer: String?

  func run() throws {
    let data = try options.source.load()
    let text = try primer.map { try TextFile.read($0) } ?? ""
    let loaded = try options.load()
    let cells = try options.grid.cells(loaded)
    let encoder = try options.source.encoder(loaded.tokenizer, data)
    let onProgress = EvaluationOptions.begin(loaded, items: data.drawn.count, of: cells)
    let result = try TruthfulQAEvaluation(loaded, encoder, primer: text)
      .run(data.drawn, cells: cells, onProgress: onProgress)
    let rows = result.summaries().enumerated().map { index, summary in
      TruthfulQARow(cell: cells[index], items: data.drawn.count, summary: summary, effect: result.effects[index])
    }
    try options.table.report(TruthfulQARow.table.values(rows))
  }
}

struct EvaluatePerplexity: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity", abstract: "Perplexity of a text, per token.",
    discussion: """
      loss is the mean negative log-probability in nats per token, perplexity its exponential. Texts longer than --window are \
      read in windows that begin every --stride tokens; a window scores only what the one before has not. A window's first \
      token counts as the prompt, later ones as generated, for --edit-positions.
      """)
  @OptionGroup var model: ModelOptions
  @Option(name: .customLong("data"), help: "A text file, read as one text; give the option again for more.")
  var files: [String]
  @Option(help: "Tokens in a window.") var window = 1024
  @Option(help: "Tokens between the beginnings of windows (default: half a window).") var stride: Int?
  @OptionGroup var grid: GridOptions
  @OptionGroup var table: TableOptions

  func run() throws {
    let texts = try files.map { try TextFile.read($0) }
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let cells = try grid.cells(loaded)
    let onProgress = EvaluationOptions.begin(loaded, items: texts.count, of: cells, unit: "texts")
    let result = try PerplexityEvaluation(loaded, window: window, stride: stride)
      .run(texts, cells: cells, onProgress: onProgress)
    let tokens = result.tokens.reduce(0, +)
    let rows = cells.indices.map { index in
      PerplexityRow(
        cell: cells[index], tokens: tokens, loss: result.loss(cell: index), perplexity: result.perplexity(cell: index),
        effect: result.effects[index])
    }
    try table.report(PerplexityRow.table.values(rows))
  }
}

struct EvaluateOpen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Free answers, written for grading by hand.",
    discussion: """
      Writes CSV with one row an answer, in random order so that the grader cannot guess the cell, and an empty column grade. \
      What was done to the model stands in the last columns: hide them while grading.
      """)
  @OptionGroup var options: EvaluationOptions
  @Option(help: "New tokens at most.") var maxTokens = OpenEvaluation.defaultMaxTokens

  func validate() throws { try requireTokens(maxTokens) }

  func run() throws {
    let data = try options.source.load()
    let loaded = try options.load()
    let cells = try options.grid.cells(loaded)
    let encoder = try options.source.encoder(loaded.tokenizer, data)
    let total = data.drawn.count * cells.count
    let onProgress = EvaluationOptions.begin(loaded, items: total, of: cells, unit: "answers")
    let answers = try OpenEvaluation(loaded, encoder, maxTokens: maxTokens)
      .run(data.drawn, cells: cells, seed: options.source.items.seed, onProgress: onProgress)
    try options.table.report(OpenEvaluation.Answer.table.values(answers))
  }
}

/// A text file read whole.
enum TextFile {
  private static let largest = 256 << 20

  static func read(_ path: String) throws -> String {
    let place = InputLocation(file: path)
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    guard size <= largest else { throw TelltaleError(.badInput, "is larger than 256 MB; split it", at: place) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: place)
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw TelltaleError(.badInput, "is not UTF-8; save it as UTF-8", at: place)
    }
    return text
  }
}
