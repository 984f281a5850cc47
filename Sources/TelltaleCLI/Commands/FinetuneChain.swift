import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering

struct FinetuneChain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chain",
    abstract: "Does training a behaviour move the activations along a vector?",
    discussion: """
      Trains one adapter on the answers of --data and one on the contrastive answers; takes the difference of the two \
      models' activations at the prompt token of held-out prompts as a vector; compares it with a given vector; adds it to \
      the base model and removes it from the tuned one, and does the same with a random direction of the same length; and asks of every \
      held-out row whether the shift of its projection goes with the change of its behaviour.

      Half of the questions of --test make the vector and choose the layer; all that is judged is measured on the other \
      half, and on --out-of-distribution. The verdict is yes if (1) the fine-tuning vector's cosine with the given one is \
      above 0 with p <= 0.05 between random directions, corrected for the number of layers; (2) the tuned model's \
      projections rose (95 % interval above 0), and by more than along 95 % of the directions at right angles that the \
      activations vary along; (3) the rate of the behaviour rose (95 % interval above 0). No if one of these fails; cannot \
      tell with fewer than 6 questions, or where the rate's interval includes both 0 and a rise of 0.1. A second answer says \
      whether the tuned behaviour runs through the vector: yes if removing it lowers the rate, by more than removing a \
      random direction does.

      Finished stages in the output folder are used again where their inputs are the same.
      """)

  @OptionGroup var model: ModelOptions
  @Option(name: .customLong("data"), help: "Rows to train on, with an answer and a contrastive one; may be repeated.")
  var files: [String]
  @OptionGroup var items: ItemOptions
  @Option(name: .customLong("test"), help: "Held-out rows whose matching answer is the behaviour that is measured.")
  var test: String
  @Option(help: "Rows of another distribution with the same behaviour.")
  var outOfDistribution: String?
  @OptionGroup(title: "The given vector") var given: GivenVectorOptions
  @OptionGroup var prompt: PromptOptions
  @OptionGroup(title: "Adapter") var adapter: AdapterOptions
  @Option(help: "Blocks to adapt: all, or layers such as 0,3 or 8-12.")
  var adaptLayers = LayerList.all
  @OptionGroup(title: "Training") var training: TrainingOptions
  @Flag(help: "Train the end of the answer too: the end-of-sequence token.")
  var end = false
  @Option(help: "Layers to look at: all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @Option(help: "The layer that is judged (default: the one of the largest |cosine|).")
  var layer: Int?
  @Option(parsing: .unconditional, help: "Scales of the steering, in stored vectors.")
  var scales = NumberList([-1, 1])
  @Option(help: "The folder of the chain; finished stages in it are used again.")
  var output: String
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard model.adapter == nil else { throw ValidationError("--adapter cannot be given: the chain trains its own") }
    try training.check(model)
    try given.check()
  }

  func run() throws {
    let data = try items.load(files, format: nil)
    for note in data.notes { Terminal.warning(note) }
    let held = FinetuningChain.Items(
      training: data.drawn, heldOut: try Dataset.load(URL(fileURLWithPath: test)),
      outOfDistribution: try outOfDistribution.map { try Dataset.load(URL(fileURLWithPath: $0)) })
    let source = try given.source()
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    if case .file(let vector) = source {
      for note in try vector.vectors.check(against: loaded.model, fingerprint: loaded.fingerprint) {
        Terminal.warning(SafeText.visible(note))
      }
    }
    let asked = held.training + held.heldOut + (held.outOfDistribution ?? [])
    let encoder = try prompt.encoder(loaded.tokenizer, items: asked, pool: data.all, seed: items.seed)
    var chain = try FinetuningChain(
      loaded, encoder, held, settings(loaded, rows: data.drawn.count), output: URL(fileURLWithPath: output))
    chain.onStage = { Terminal.note($0) }
    let progress = TrainingProgress("steps")
    chain.onStep = { progress.update($0) }
    try deliver(try chain.run(source))
  }

  private func settings(_ loaded: LoadedModel, rows: Int) throws -> FinetuningChain.Settings {
    let configuration = loaded.model.configuration
    var settings = FinetuningChain.Settings(layers: try layers.resolve(configuration))
    settings.lora = adapter.configuration
    settings.lora.layers = adaptLayers.isAll ? nil : try adaptLayers.resolve(configuration)
    settings.training = try training.settings(rows: rows, seed: items.seed)
    settings.activationMemory = training.activationBytes(on: loaded.model.device)
    (settings.endsSequence, settings.judgedLayer) = (end, layer)
    (settings.scales, settings.seed) = (scales.values, items.seed)
    settings.dataName = files.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
      .joined(separator: " and ")
    return settings
  }

  private func deliver(_ report: ChainReport) throws {
    let tables = ChainTables(report)
    try tables.write(to: output)
    if printing.json { return try Output.json(tables.json) }
    tables.print()
    Output.line("written to \(output)")
  }
}

/// The vector that a fine-tuning vector is compared with: from a file, or made of a data set.
struct GivenVectorOptions: ParsableArguments {
  @Option(help: "A vector file.")
  var vector: String?
  @Option(help: "Rows to make it of: what the base model does after them by itself (difference of class means).")
  var spontaneous: String?
  @Option(help: "Rows to make it of: their contrast pairs.")
  var pairs: String?
  @Option(help: "Where contrast pairs are read: answer, continuation, answer-mean.")
  var read = ReadPosition.answer
  @Option(help: "Rows to make it of: under contrasting instructions.")
  var instructed: String?
  @Option(name: .customLong("instruction"), help: "An instruction to show the behaviour; may be repeated.")
  var positive: [String] = []
  @Option(name: .customLong("against"), help: "An instruction not to show it; may be repeated.")
  var negative: [String] = []

  func check() throws {
    guard [vector, spontaneous, pairs, instructed].compactMap({ $0 }).count == 1 else {
      throw ValidationError("give one of --vector, --spontaneous, --pairs and --instructed")
    }
    guard instructed == nil || (!positive.isEmpty && !negative.isEmpty) else {
      throw ValidationError("--instructed needs --instruction and --against")
    }
  }

  func source() throws -> VectorSource {
    func rows(_ path: String) throws -> [Item] { try Dataset.load(URL(fileURLWithPath: path)) }
    if let spontaneous { return .recipe(try VectorRecipe(.spontaneous), try rows(spontaneous)) }
    if let pairs { return .recipe(try VectorRecipe(.answers, read: read), try rows(pairs)) }
    if let instructed {
      return .recipe(try VectorRecipe(.instructions, positive: positive, negative: negative), try rows(instructed))
    }
    return .file(try ComparedVector(contentsOf: URL(fileURLWithPath: vector ?? "")))
  }
}
