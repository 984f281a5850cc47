import ArgumentParser
import LanguageModels
import Steering

extension Estimator: ExpressibleByArgument {}

/// What a vector contrasts, where it is not a row's two answers.
struct SourceOptions: ParsableArguments {
  @Option(help: "An instruction to show the behaviour; give the option again for more, which rows take in turn.")
  var positive: [String] = []
  @Option(help: "An instruction not to show it; likewise.")
  var negative: [String] = []
  @Option(help: "New tokens at most of a response to an instruction.")
  var maxTokens = 64
  @Option(help: "A second model with the same tokenizer: its activations are subtracted.")
  var against: String?
  @Option(help: "A folder made by telltale record: rows with the behaviour against rows without.")
  var recording: String?

  /// Whether a row's two answers are contrasted.
  var isPlain: Bool { positive.isEmpty && negative.isEmpty && against == nil && recording == nil }

  func validate() throws {
    let chosen = [!positive.isEmpty || !negative.isEmpty, against != nil, recording != nil]
    guard chosen.count(where: { $0 }) <= 1 else {
      throw ValidationError("--positive/--negative, --against and --recording exclude each other")
    }
    guard positive.isEmpty == negative.isEmpty else {
      throw ValidationError("contrasting instructions need both --positive and --negative")
    }
    guard maxTokens > 0 else { throw ValidationError("--max-tokens must be at least 1") }
  }

  func instructions() throws -> InstructionPairs? {
    positive.isEmpty ? nil : try InstructionPairs(positive: positive, negative: negative)
  }
}
