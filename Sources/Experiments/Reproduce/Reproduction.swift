import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering
import Tokenizers
import Torch

/// A recipe carried out: what was measured, compared with what was published.
package struct Reproduction {
  /// One measure compared with one published number; there is a row for each published number.
  package struct Row: Sendable {
    package enum Verdict: String, Sendable {
      /// Within the tolerance of the published number.
      case reproduced
      case differs
      /// No published number to compare with.
      case unpublished = "no target"
      /// Another model, other files or fewer rows were used, so that only the recipe was tried.
      case shapeOnly = "shape only"
    }

    package var recipe: String
    package var measure: String
    package var measured: Estimate
    package var published: PublishedNumber?
    package var verdict: Verdict
  }

  private let recipe: Recipe
  private let files: [String: URL]
  private let standsIn: Bool
  private let options: Options

  package struct Options: Sendable {
    /// The number of rows to take from the beginning of each file; nil for all.
    package var take: Int?
    /// The maximum number of new tokens of an answer that is checked for refusal; the default is the authors'.
    package var maxTokens = 512
    package var template: String?
    package var settings = ChatSettings()

    package init() {}
  }

  /// - Parameters:
  ///   - files: by role.
  ///   - standsIn: whether the model, the files or the number of rows differ from the recipe's.
  package init(
    _ recipe: Recipe, files: [String: URL], standsIn: Bool, options: Options = Options()
  ) throws(TelltaleError) {
    if let missing = recipe.files.first(where: { files[$0.role] == nil && !$0.isOptional }) {
      throw TelltaleError(
        .badInput,
        "\(recipe.name) needs the file \(missing.role); name it: --file \(missing.role)=PATH, or the folder of "
          + "\(recipe.data) with --files")
    }
    (self.recipe, self.files, self.standsIn, self.options) = (recipe, files, standsIn, options)
  }

  package func run(_ loaded: LoadedModel) throws -> [Row] {
    let format = PromptFormat(style: recipe.style, template: options.template, settings: options.settings)
    let encoder = try format.encoder(loaded.tokenizer)
    let measured =
      switch recipe.measure {
      case .choiceSteering(let multipliers): try choices(loaded, encoder, multipliers)
      case .truthfulQA: try truthfulQA(loaded, encoder)
      case .refusal(let fromEnd): try refusal(loaded, encoder, fromEnd: fromEnd)
      case .graded(let positive, let negative): try graded(loaded, encoder, positive, negative)
      }
    return measured.flatMap { rows($0.measure, $0.value) }
  }

  private func rows(_ measure: String, _ value: Estimate) -> [Row] {
    let numbers = recipe.published.filter { $0.measure == measure }
    guard !numbers.isEmpty else {
      return [
        Row(recipe: recipe.name, measure: measure, measured: value, verdict: standsIn ? .shapeOnly : .unpublished)
      ]
    }
    return numbers.map { number in
      let isNear = abs(value.value - number.value) <= number.tolerance
      return Row(
        recipe: recipe.name, measure: measure, measured: value, published: number,
        verdict: standsIn ? .shapeOnly : isNear ? .reproduced : .differs)
    }
  }

  // MARK: Files

  private func file(_ role: String) throws(TelltaleError) -> URL {
    guard let url = files[role] else { throw TelltaleError(.badInput, "the file \(role) is missing") }
    return url
  }

  private func items(_ role: String) throws -> [Item] {
    try Array(Dataset.load(file(role)).prefix(options.take ?? Int.max))
  }

  /// A JSON list of objects with a text `instruction`, as the refusal direction's authors write prompts.
  private func instructions(_ role: String) throws -> [Item] {
    let rows = try DataRow.rows(in: InputFile(contentsOf: file(role))).prefix(options.take ?? Int.max)
    guard !rows.isEmpty else {
      throw TelltaleError(
        .badInput, "holds no prompts; give a list of {\"instruction\": \"...\"}", at: .init(file: role))
    }
    return try rows.map { row in
      let text = try row.string("instruction")
      return Item(
        source: role, row: row.row, text: text, question: text,
        group: QuestionGroup(named: "\(role)#\(row.row)", text: text))
    }
  }

  // MARK: Measures

  typealias Measured = (measure: String, value: Estimate)

  private func layer(_ loaded: LoadedModel) throws(TelltaleError) -> Int {
    guard let layer = recipe.layer(of: loaded.model.configuration.layerCount) else {
      throw TelltaleError(.failed, "\(recipe.name) names no layer")
    }
    return layer
  }

  private func choices(_ loaded: LoadedModel, _ encoder: PromptEncoder, _ multipliers: [Double]) throws -> [Measured] {
    let layer = try layer(loaded)
    let vectors = try VectorExtraction(VectorRecipe(.answers, read: .answer), layers: [layer], seed: 0)
      .run(loaded, encoder, items("pairs"))
    let cells = try multipliers.map {
      try GridCell.adding(vectors, layer: layer, scale: $0, unit: .raw, positions: .fromPromptEnd)
    }
    let summaries = try ChoiceEvaluation(loaded, encoder).run(items("test"), cells: cells).summaries()
    return zip(multipliers, summaries).map { ("p(matching), multiplier \(Int($0))", $1.probability) }
  }

  private func truthfulQA(_ loaded: LoadedModel, _ encoder: PromptEncoder) throws -> [Measured] {
    let primer = try files["primer"].map { try InputFile(contentsOf: $0).text } ?? ""
    let result = try TruthfulQAEvaluation(loaded, encoder, primer: primer).run(items("test"), cells: [.unsteered])
    return result.summaries().flatMap { [("MC1", $0.mc1), ("MC2", $0.mc2)] }
  }

  private func refusal(_ loaded: LoadedModel, _ encoder: PromptEncoder, fromEnd: Int) throws -> [Measured] {
    let layer = try layer(loaded)
    let direction = try refusalDirection(
      loaded, encoder, layer: layer, fromEnd: fromEnd, instructions("harmful-train"), instructions("harmless-train"))
    let unit = try Tensor(direction.unit(layer))
    let everywhere = (0..<loaded.model.configuration.layerCount).map {
      SteeringEdit(layer: $0, .ablate(unit), positions: .all)
    }
    let added = [try direction.addition(layer: layer, scale: 1, unit: .raw, positions: .all)]
    let (harmful, harmless) = (try instructions("harmful-test"), try instructions("harmless-test"))
    return [
      ("refused, unsteered", try refused(loaded, encoder, harmful, [], maxTokens: options.maxTokens)),
      ("refused, direction removed", try refused(loaded, encoder, harmful, everywhere, maxTokens: options.maxTokens)),
      (
        "refused, harmless, direction added",
        try refused(loaded, encoder, harmless, added, maxTokens: options.maxTokens)
      ),
    ]
  }

  private func graded(
    _ loaded: LoadedModel, _ encoder: PromptEncoder, _ positive: [String], _ negative: [String]
  ) throws -> [Measured] {
    let layer = try layer(loaded)
    let recipe = try VectorRecipe(.instructions, read: .prompt, positive: positive, negative: negative)
    let direction = try VectorExtraction(recipe, layers: [layer], seed: 0).run(loaded, encoder, items("questions"))
      .unit(layer)
    let graded = try GradedPrompts(file("graded"), take: options.take)
    var recorder = Recorder.Options(layers: [layer])
    (recorder.maxTokens, recorder.measuresChoices) = (1, false)
    let recording = try Recorder(loaded, encoder, recorder).record(graded.items)
    let scores = try ScoreKind.projection.scores(recording.stream(.prompt, layer: layer), vector: direction)
    let r = Measures.pearson(scores, graded.grades)?.coefficient
    return [("r", Estimate(r ?? .nan, nil))]
  }
}
