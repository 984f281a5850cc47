import ArgumentParser
import CommandSupport
import LanguageModels
import Steering

extension Estimator: ExpressibleByArgument {}
extension VectorRecipe.Contrast: ExpressibleByArgument {}

/// What a vector is made of and how, without the data.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: """
      What is contrasted: answers, instructions, spontaneous, models or texts (default: told from --positive, --against, \
      --recording and --format).
      """)
  var contrast: VectorRecipe.Contrast?
  @Option(help: "How activations become a direction (default: mean).")
  var estimator: Estimator?
  @Option(name: .customLong("method"), help: .hidden)
  var formerEstimator: Estimator?
  @Option(
    help: """
      Where the residual stream is read: answer, prompt, continuation, continuation-mean, answer-mean (default: answer; \
      prompt of instructions, two models and recordings).
      """)
  var read: ReadPosition?
  @Option(help: "An instruction to show the behaviour; give the option again for more, which rows take in turn.")
  var positive: [String] = []
  @Option(help: "An instruction not to show it; likewise.")
  var negative: [String] = []
  @Option(help: "New tokens at most of a response to an instruction.")
  var maxTokens = VectorRecipe.defaultMaxTokens
  @Option(help: "A second model with the same tokenizer: its activations are subtracted.")
  var against: String?
  @Option(help: "A folder made by telltale record: rows with the behaviour against rows without.")
  var recording: String?

  @Option(
    help: """
      Winsorise this share of the coordinates of every activation, such as 0.005, against massive coordinates; what the vector \
      scores is winsorised alike (docs/vectors.md).
      """)
  var winsorise: Double?

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
    try requireTokens(maxTokens)
    guard estimator == nil || formerEstimator == nil else {
      throw ValidationError("--method is what --estimator was called; give --estimator alone")
    }
  }

  func recipe(ofTexts: Bool) throws -> VectorRecipe {
    if formerEstimator != nil { Terminal.warning("--method is now called --estimator") }
    let told: VectorRecipe.Contrast =
      if recording != nil {
        .spontaneous
      } else if against != nil {
        .models
      } else {
        positive.isEmpty ? ofTexts ? .texts : .answers : .instructions
      }
    guard contrast ?? told == told else {
      throw ValidationError(
        "--contrast \(contrast?.rawValue ?? "") does not go with the other options, which say \(told.rawValue)")
    }
    return try VectorRecipe(
      told, estimator: estimator ?? formerEstimator ?? .mean, read: read, positive: positive, negative: negative,
      against: against, maxTokens: maxTokens, winsorising: winsorise.map { try Winsorising(share: $0) })
  }
}
