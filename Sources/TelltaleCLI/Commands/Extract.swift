import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct Extract: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make steering vectors from contrast pairs, instructions, recordings or two models.",
    discussion: """
      Runs the matching and the other answer of every row and writes, per layer, a direction of the residual stream at \
      the read position. The file states where it comes from, its norms, the letter balance and the split-half \
      reliability.

      --estimator: mean (difference of means, as long as it is), pca and pca-centred (first component of the pairs' \
      differences), logistic (on differences), probe (logistic, on both classes), discriminant (shrunk). All but the \
      mean are unit vectors.

      Instead of a row's answers: --positive and --negative contrast instructions on the rows' prompts, read at prompt, \
      continuation or continuation-mean of the responses; --against subtracts another model's activations on the same \
      tokens; --recording takes the labelled rows of telltale record instead of --pairs.

      Formats: anthropic (JSON Lines), caa (JSON list), contrast (question, answer, contrastive_answer), and texts, \
      JSON Lines of {"positive": "...", "negative": "..."} that are run as they stand; "group" may name the question.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var options: ExtractOptions
  @Option(
    name: .customLong("compute"),
    help: """
      int8: round the weights to int8 and multiply them with 8 bits of the tokens that a pair shares, 16 of the others; \
      for --pairs only.
      """)
  var arithmetic: ProductArithmetic?
  @Option(help: "The vector file to write.")
  var output: String
  @OptionGroup var overwriting: OverwriteOptions
  @Flag(
    help: "Also write every pair's difference next to the vector, from which telltale compare takes its intervals from."
  )
  var keepDifferences = false
  @OptionGroup var printing: PrintOptions

  var recording: String? { options.recipe.recording }

  func validate() throws {
    guard arithmetic == nil || options.recipe.isPlain else {
      throw ValidationError(
        "--compute int8 rounds what the two texts of a pair share, so that it is for the answers of --pairs alone; "
          + "--weights int8 is for everything")
    }
  }

  func run() throws {
    _ = try options.chosenRecipe()
    try overwriting.check(output)
    Interruption.explain { [output] in "\(output) was not written" }
    let device = try model.compute.prepare()
    let vectors = try recording == nil ? extract(device) : options.vectors(ofRecordingFrom: ModelIdentity(model.model))
    try vectors.write(to: URL(fileURLWithPath: output))
    try report(vectors)
  }

  private func extract(_ device: Devices) throws -> SteeringVectors {
    let progress = ProgressBox("extracting", unit: "pairs")
    var hooks = ExtractOptions.Hooks { progress.update($0, of: $1) }
    hooks.onBegin = { loaded, pairs in
      Terminal.note("\(loaded.startLine); \(pairs) pairs")
      progress.begin(total: pairs)
    }
    hooks.loadOther = {
      let other = try LoadedModel(
        $0, dtype: model.compute.computationType(), weights: model.compute.weights, device: device)
      return model.batchInvariant ? other.batchInvariant() : other
    }
    if keepDifferences {
      let url = PairDifferences.url(beside: URL(fileURLWithPath: output))
      hooks.onDifferences = { try $0.write(to: url) }
    }
    return try options.vectors(of: loaded(on: device), hooks)
  }

  private func loaded(on device: Devices) throws -> LoadedModel {
    guard arithmetic != nil else { return try model.loaded(on: device) }
    var rounded = model
    rounded.compute.weights = .int8
    return try rounded.loaded(on: device).roundingSharedTokens()
  }
}
