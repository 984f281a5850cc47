import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations
import LanguageModels
import Statistics

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure again what a paper published, and say whether the numbers agree.",
    discussion: """
      A recipe names a model, data files, a measure, and the published numbers with their sources and tolerances; --list \
      prints them all. --files is a clone of the repository that the recipe names; --file role=path names one file. With \
      another model (--model), other files or fewer rows the verdict is "shape only": the recipe runs, but its results say \
      nothing about the published numbers. Numbers whose source was not read are left out, and the recipe says so.
      """)

  @Argument(help: "The recipe, one of those that --list prints.")
  var name: String?
  @Flag(help: "Print every recipe with its published numbers and their sources.")
  var list = false
  @Option(help: "The folder that has the recipe's files at their paths.")
  var files: String?
  @Option(name: .customLong("file"), help: ArgumentHelp("One of the recipe's files.", valueName: "role=path"))
  var named: [String] = []
  @Option(help: "Another model instead of the recipe's; only the shape of the result counts then.")
  var model: String?
  @Option(help: "How many rows to take from the beginning of each file (default: all).")
  var take: Int?
  @Option(help: "The maximum number of new tokens of an answer that is checked for refusal.")
  var maxTokens = Reproduction.Options().maxTokens
  @OptionGroup var template: TemplateOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var table: PrintOptions

  func validate() throws {
    guard list != (name != nil) else { throw ValidationError("name a recipe, or give --list") }
    guard take ?? 1 > 0 else { throw ValidationError("--take must be at least 1") }
    try requireTokens(maxTokens)
  }

  func run() throws {
    guard let name else { return try RecipeLines.print(json: table.json) }
    guard let recipe = Recipe.named(name) else {
      let names = Recipe.all.map(\.name).joined(separator: ", ")
      throw TelltaleError(.badInput, "there is no recipe \(SafeText.quoted(name)); there are \(names)")
    }
    let found = try found(for: recipe)
    // With another model, other files or fewer rows it is another experiment.
    let standsIn = model != nil || take != nil || !named.isEmpty
    var options = Reproduction.Options()
    (options.take, options.maxTokens, options.template) = (take, maxTokens, template.name)
    options.settings = try template.settings
    let reproduction = try Reproduction(recipe, files: found, standsIn: standsIn, options: options)
    let device = try compute.prepare()
    let loaded = try LoadedModel(
      model ?? recipe.model, dtype: compute.computationType(), weights: compute.weights, device: device)
    try RecipeLines.print(reproduction.run(loaded), recipe, model: standsIn ? loaded.name : nil, json: table.json)
  }

  /// Files by role: those of --file, then those that lie in the folder.
  private func found(for recipe: Recipe) throws -> [String: URL] {
    var found: [String: URL] = [:]
    for file in recipe.files {
      let url = files.map { URL(fileURLWithPath: $0, isDirectory: true).appending(path: file.path) }
      if let url, FileManager.default.fileExists(atPath: url.path) { found[file.role] = url }
    }
    for text in named {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, recipe.files.contains(where: { $0.role == parts[0] }) else {
        let roles = recipe.files.map(\.role).joined(separator: ", ")
        throw TelltaleError(
          .badInput, "--file \(SafeText.quoted(text)) names no file of the recipe; write role=path with \(roles)")
      }
      found[parts[0]] = URL(fileURLWithPath: parts[1])
    }
    return found
  }
}

/// What `telltale reproduce` prints.
enum RecipeLines {
  /// One published number of a recipe; a recipe without any has one row without a number.
  private struct Target: Sendable {
    var recipe: Recipe
    var number: PublishedNumber?
  }

  private static let targets = Table<Target>(
    "recipes", "A published number of a recipe.",
    [
      .text("recipe", "The recipe.", \.recipe.name), .text("model", "Its model.", \.recipe.model),
      .text("measure", "What is measured.") { $0.number?.measure },
      .number("published", "The published number.") { $0.number?.value },
      .number("tolerance", "The largest difference that counts as reproduced.") { $0.number?.tolerance },
      .text("source", "Where it can be read.") { $0.number?.source },
      .text("data", "Where its files come from.", \.recipe.data),
      .text("left_out", "What is left out, and how the recipe differs from the paper.", \.recipe.leftOut),
    ])

  private static let results = Table<Reproduction.Row>(
    "reproduced", "A measure compared with a published number.",
    [.text("recipe", "The recipe.", \.recipe), .text("measure", "What was measured.", \.measure)],
    .estimate("measured", "Measured now.") { $0.measured },
    [
      .number("published", "The published number.") { $0.published?.value },
      .number("tolerance", "The largest difference that counts as reproduced.") { $0.published?.tolerance },
      .text("verdict", "Whether they agree.", \.verdict.rawValue),
      .text("source", "Where the published number can be read.") { $0.published?.source },
    ])

  static func print(json: Bool) throws {
    let rows = Recipe.all.flatMap { recipe in
      recipe.published.isEmpty ? [Target(recipe: recipe)] : recipe.published.map { Target(recipe: recipe, number: $0) }
    }
    if json { return try Output.json(targets.values(rows)) }
    for recipe in Recipe.all {
      Output.line("\(recipe.name): \(recipe.about)")
      Output.line(
        "  model \(recipe.model); files \(recipe.files.map(\.role).joined(separator: ", ")) of \(recipe.data)")
      for number in recipe.published {
        Output.line("  \(number.measure): \(number.value) +- \(number.tolerance)  [\(number.source)]")
      }
      if let leftOut = recipe.leftOut { Output.line("  \(leftOut)") }
    }
  }

  /// - Parameter model: the one used instead; nil for the recipe's own model and files.
  static func print(_ rows: [Reproduction.Row], _ recipe: Recipe, model: String?, json: Bool) throws {
    if json { return try Output.json(results.values(rows)) }
    Output.line("\(recipe.name): \(recipe.about)")
    if let model {
      Output.line(
        "\(SafeText.visible(model)), or other files or fewer rows, replaced \(recipe.model) or its data: the shape of "
          + "the result counts, its numbers say nothing about the published ones.")
    }
    results.brief.without(["recipe", "source"]).values(rows).print()
    for number in recipe.published { Output.line("  \(number.measure) \(number.value): \(number.source)") }
    if let leftOut = recipe.leftOut { Output.line(leftOut) }
  }
}
