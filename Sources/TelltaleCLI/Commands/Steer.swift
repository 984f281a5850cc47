import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct Steer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Steer a model with a vector: prompts one by one, a sweep, or with the vector's direction removed.",
    subcommands: [SteerPrompts.self, SteerSweep.self, SteerAblation.self, SteerAblate.self],
    defaultSubcommand: SteerPrompts.self)
}

struct SteerPrompts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompts", abstract: "Answer each line of stdin unsteered, with plus the vector and with minus it.",
    discussion: """
      The three answers are decoded together and shown as they come: in columns on a terminal of at least 80, else one \
      under the other. What the edits did is said on stderr after each prompt. Greedy unless a temperature is given.
      """)

  @OptionGroup var model: ModelOptions
  @Option(help: "A vector file.")
  var vector: String
  @Option(help: "The layer at whose output the vector is added (default: the file's only layer).")
  var layer: Int?
  @Option(parsing: .unconditional, help: "How much of the vector is added, and taken away.")
  var scale = 1.0
  @Option(help: "What --scale counts: raw (stored vectors), unit (unit vectors) or residual (mean residual norms).")
  var scaleUnit = ScaleUnit.raw
  @Option(help: "Which tokens are edited (docs/vectors.md).")
  var editPositions = EditPositions.all
  @OptionGroup var continuation: ContinuationOptions
  @OptionGroup var fit: VectorFitOptions
  @Flag(help: "Print one JSON object a prompt.")
  var json = false

  struct Row: Encodable {
    var prompt: String
    var unsteered: String
    var plus: String
    var minus: String
    var edits: [EditResult]
  }

  func run() throws {
    var options = try continuation.generation()
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    options.edits = try edits(loaded)
    options.stopTokens = continuation.stopTokens(loaded)
    var lines = InputLines()
    let typed = isatty(STDIN_FILENO) == 1
    while true {
      if typed { Terminal.write("> ") }
      do {
        guard let line = try lines.next() else { break }
        if !line.allSatisfy(\.isWhitespace) { try answer(line, loaded, options) }
      } catch let error as TelltaleError where typed && error.isBadInput {
        Terminal.error(error.advice)  // whoever types may try again
      }
    }
    if typed { Terminal.write("\n") }
  }

  /// Plus the vector for the second of three sequences, minus it for the third.
  private func edits(_ loaded: LoadedModel) throws -> [SteeringEdit] {
    let vectors = try fit.vectors(vector, for: loaded)
    let layer = try EditOptions.onlyLayer(layer.map { [$0] }, vectors, "--vector needs --layer")
    return try [(1, scale), (2, -scale)].map { sequence, scale in
      var edit = try vectors.addition(layer: layer, scale: scale, unit: scaleUnit, positions: editPositions)
      edit.sequences = [sequence]
      return edit
    }
  }

  private func answer(_ prompt: String, _ loaded: LoadedModel, _ options: GenerationOptions) throws {
    let ids = try continuation.encode(prompt, loaded.tokenizer)
    let titles = ["unsteered", "plus \(scale)", "minus \(scale)"]
    var view = AnswerView(titles: titles, layout: json ? .silent : .fitting(Terminal.width))
    var decoders = titles.map { _ in loaded.tokenizer.makeStreamingDecoder(skipSpecialTokens: true) }
    var texts = titles.map { _ in "" }
    func show(_ text: String, _ column: Int) {
      texts[column] += text
      view.append(text, to: column)
    }
    let report = try Generator.run(
      loaded.model, prompts: titles.map { _ in ids }, options: options,
      onToken: { column, token in show(decoders[column].append(token), column) },
      onFinish: { column, _ in
        show(decoders[column].finish(), column)
        view.end(column)
      })
    if json {
      let results = report.entries.map(EditResult.init)
      try report.requireEffect()
      try Output.json(Row(prompt: prompt, unsteered: texts[0], plus: texts[1], minus: texts[2], edits: results))
    } else {
      try EditOptions.prove(report)
    }
  }
}

struct SteerAblate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablate",
    abstract: "Write a checkpoint that cannot write a vector's direction to its residual stream.",
    discussion: """
      Projects the direction out of the token embeddings and of the output and down projections of every block. The \
      logits equal those of the model with the direction removed from the embeddings, after attention and after the \
      feed-forward network of every block, up to rounding. The new folder is in Hugging Face layout.
      """)

  @Option(
    help:
      "A checkpoint directory, a Hugging Face id in the local cache, or organism-shared / organism-split / organism-hard."
  )
  var model: String
  @Option(help: "A vector file.")
  var vector: String
  @Option(help: "The layer whose vector gives the direction (default: the file's only layer).")
  var layer: Int?
  @Option(help: "Type of the written weights: float32, bfloat16 or float16 (default: the checkpoint's).")
  var dtype: DType?
  @OptionGroup var fit: VectorFitOptions
  @Option(help: "The folder to write; it must not exist.")
  var output: String

  func run() throws {
    var compute = ComputeOptions()
    compute.dtype = dtype
    let type = try compute.computationType()
    let loaded = try LoadedModel(model)
    let vectors = try fit.vectors(vector, for: loaded)
    let layer = try EditOptions.onlyLayer(layer.map { [$0] }, vectors, "--vector needs --layer")
    let ablated = try AblatedCheckpoint(loaded.directory, direction: vectors.unit(layer))
    let metadata = [
      "telltale": Version.current, "ablated_from": loaded.fingerprint, "ablated_layer": "\(layer)",
      "ablated_vector": try Fingerprint.file(URL(fileURLWithPath: vector)),
    ]
    try ablated.write(to: URL(fileURLWithPath: output, isDirectory: true), dtype: type, metadata: metadata)
    Output.line("the direction of layer \(layer) is removed from all that writes to the residual stream")
    Output.line("written to \(output)")
  }
}
