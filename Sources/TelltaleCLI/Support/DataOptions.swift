import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers
import Torch

extension DatasetFormat: ExpressibleByArgument {}
extension ReadPosition: ExpressibleByArgument {}
extension PromptStyle: ExpressibleByArgument {}

/// How items are put to a model: shared by every command that prompts one.
struct PromptOptions: ParsableArguments {
  @Option(help: "How items are put to the model.")
  var style = PromptStyle.plain

  @OptionGroup var template: TemplateOptions

  @Option(help: "Solved examples in front of every prompt in the few-shot style.")
  var examples = PromptFormat.defaultExamples

  /// - Parameters:
  ///   - items: what will be asked; their groups are kept out of the few-shot header.
  ///   - pool: where the header's examples come from.
  func encoder(_ tokenizer: Tokenizer, items: [Item], pool: [Item], seed: UInt64) throws -> PromptEncoder {
    let encoder = try PromptFormat(
      style: style, template: template.name, settings: template.settings, examples: examples
    ).encoder(tokenizer, pool: pool, asked: items, seed: seed)
    for note in try encoder.notes(of: items) { Terminal.warning(note) }
    return encoder
  }
}

/// Which rows of which files are put to a model, and how: shared by commands that ask a data set's questions.
struct DataOptions: ParsableArguments {
  @Option(name: .customLong("data"), help: "The data file; give the option again for more files.")
  var files: [String]
  @OptionGroup var items: ItemOptions
  @OptionGroup var prompt: PromptOptions

  /// All items of the files and the sample of them; what could not be balanced goes to stderr.
  func load(format: String? = nil) throws -> (all: [Item], drawn: [Item]) {
    let data = try items.load(files, format: format)
    for note in data.notes { Terminal.warning(note) }
    return (data.all, data.drawn)
  }

  func encoder(_ tokenizer: Tokenizer, _ data: (all: [Item], drawn: [Item])) throws -> PromptEncoder {
    try prompt.encoder(tokenizer, items: data.drawn, pool: data.all, seed: items.seed)
  }
}

/// How answers become labels: shared by `record` and `steer ablation`.
struct LabelOptions: ParsableArguments {
  @Option(
    help:
      "letter (parsed from the text) or forced-choice (the likelier of the choices); steer ablation's default is the latter, record's the former."
  )
  var label: LabelSource?
  @Option(help: "New tokens at most.")
  var maxTokens = Recorder.Options.defaultMaxTokens

  func validate() throws {
    guard [nil, .letter, .forcedChoice].contains(label) else {
      throw ValidationError("--label is letter or forced-choice")
    }
    try requireTokens(maxTokens)
  }
}

/// Which rows of which files: shared by commands that read data sets.
struct ItemOptions: ParsableArguments {
  @Option(help: "How many rows to take, balanced over questions, letters, files and user sides (default: all).")
  var take: Int?
  @Option(help: "Seed of the sample, and of the halves of --part.")
  var seed: UInt64 = 0
  @Option(
    help: """
      train or test: one half of the questions. Of the same files with the same --seed the two halves share no question, so \
      that a vector of the one can be judged on the other.
      """)
  var part: QuestionPart?

  /// All items of the files, the sample of them, and what could not be balanced; `others` are formats that the command
  /// reads by itself.
  func load(_ files: [String], format: String?, others: [String] = []) throws -> (
    all: [Item], drawn: [Item], notes: [String]
  ) {
    var wanted: DatasetFormat?
    if let format {
      guard let known = DatasetFormat(rawValue: format) else {
        let names = (DatasetFormat.allCases.map(\.rawValue) + others).joined(separator: ", ")
        throw TelltaleError(.badInput, "--format \(format) is unknown; use one of \(names)")
      }
      wanted = known
    }
    let all = try part(of: Dataset.load(files.map { URL(fileURLWithPath: $0) }, format: wanted))
    let notes = Dataset.notes(of: all)
    guard let take else { return (all, all, notes) }
    let drawn = try sample(all, take: take, seed: seed)
    return (all, drawn.items, notes + drawn.notes)
  }

  private func part(of items: [Item]) throws -> [Item] {
    guard let part else { return items }
    let halves = try splitByGroup(items, testFraction: 0.5, seed: seed)
    return part == .train ? halves.train : halves.test
  }
}

/// One half of a data set's questions.
enum QuestionPart: String, ExpressibleByArgument, CaseIterable { case train, test }
