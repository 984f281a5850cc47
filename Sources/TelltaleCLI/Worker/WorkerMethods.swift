import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Reports
import Steering
import Torch

/// What a worker does with its model.
extension WorkerSession {
  // MARK: Activations

  private struct ActivationFile: Encodable {
    /// Safetensors: `residual` [inputs, layers, hidden] at the last tokens, or `residual.<n>` [layers, tokens, hidden].
    var file: String
    var layers: [Int]
    var ids: [[Int]]
    var tokens: [[String]]
  }

  func activations(_ parameters: RemoteParameters, _ onProgress: @escaping Progress) throws -> any Encodable {
    let own: Set = ["layers", "tokens", "logits", "token_budget"]
    let loaded = try model()
    let ids = try encoded(parameters, except: own)
    let options: ActivationChoices = try parameters.only(own).options()
    let passes = ActivationPasses(
      model: loaded.model, layers: try options.layers.resolve(loaded.model.configuration), positions: options.tokens,
      logits: options.logits, tokenBudget: options.budget.tokenBudget)
    var tensors = try passes.run(ids) { onProgress("activations", $0, ids.count) }
    if options.tokens == .last { tensors = try Self.stacked(tensors, count: ids.count) }
    let file = newFile("activations", ".safetensors")
    try SafetensorsFile.write(tensors, metadata: passes.metadata, to: file)
    return ActivationFile(
      file: file.path, layers: passes.layers, ids: ids, tokens: ids.map { $0.map { loaded.tokenizer.token($0) ?? "" } })
  }

  private struct ActivationChoices: ParsableArguments {
    @Option var layers = LayerList.all
    @Option var tokens = ActivationPasses.Positions.last
    @Flag var logits = false
    @OptionGroup var budget: BudgetOptions
  }

  /// `residual` [inputs, layers, hidden] and `logits` [inputs, vocabulary] of tensors with one position each.
  private static func stacked(_ tensors: [String: Tensor], count: Int) throws -> [String: Tensor] {
    var whole: [String: Tensor] = [:]
    for (name, axis) in [("residual", 1), ("logits", 0)] where tensors["\(name).0"] != nil {
      let parts = try (0..<count).compactMap { row -> Tensor? in
        guard let one = tensors["\(name).\(row)"] else { return nil }
        var shape = (0..<one.rank).map { one.size($0) }
        shape.remove(at: axis)
        return try one.reshaped(shape)
      }
      whole[name] = try Tensor.stacked(parts)
    }
    return whole
  }

  // MARK: Continuations

  private struct Continuation: Encodable {
    var ids: [Int]
    var text: String
    var end: String
  }

  private struct Continuations: Encodable {
    var rows: [Continuation]
    /// What the edits did: the proof that a steered run was steered.
    var edits: [EditResult]
  }

  private struct GenerationChoices: ParsableArguments {
    @OptionGroup var continuation: ContinuationOptions
    @OptionGroup var edit: EditOptions
  }

  func generate(_ parameters: RemoteParameters, _ onProgress: @escaping Progress) throws -> any Encodable {
    let loaded = try model()
    let choices: GenerationChoices = try parameters.options(except: ["inputs", "add_generation_prompt"])
    let ids = try encoded(parameters.only(Self.inputNames), except: [])
    var options = try choices.continuation.generation()
    options.edits = try choices.edit.edits(loaded)
    options.stopTokens = choices.continuation.stopTokens(loaded)
    var finished: [Int: Generation] = [:]
    let report = try Generator.run(loaded.model, prompts: ids, options: options) { index, generation in
      finished[index] = generation
      onProgress("prompts", finished.count, ids.count)
    }
    try report.requireEffect()
    let rows = ids.indices.compactMap { finished[$0] }.map {
      Continuation(
        ids: $0.tokens, text: loaded.tokenizer.decode($0.tokens, skipSpecialTokens: true), end: $0.end.rawValue)
    }
    return Continuations(rows: rows, edits: report.entries.map(EditResult.init))
  }

  // MARK: Vectors and recordings

  private struct MadeFile: Encodable {
    var file: String
    var notes: [String] = []
  }

  func extract(_ parameters: RemoteParameters, _ onProgress: @escaping Progress) throws -> any Encodable {
    let loaded = try model()
    let options: ExtractOptions = try parameters.options()
    let hooks = ExtractOptions.Hooks { onProgress("pairs", $0, $1) }
    let vectors =
      try options.recipe.recording == nil
      ? options.vectors(of: loaded, hooks) : options.vectors(ofRecordingFrom: ModelIdentity(loaded))
    let file = newFile("vector", ".safetensors")
    try vectors.write(to: file)
    return MadeFile(file: file.path, notes: vectors.provenance.notes)
  }

  private struct MadeRecording: Encodable {
    var file: String
    /// What the edits did, while answers were generated and while those to choose between were scored.
    var edits: [EditResult]
  }

  func record(_ parameters: RemoteParameters, _ onProgress: @escaping Progress) throws -> any Encodable {
    let options: RecordOptions = try parameters.options()
    let data = try options.load()
    let answers = data.drawn.reduce(0) { $0 + $1.answerCount }
    let recording = try options.record(model(), data) { onProgress("answers", $0, answers) }
    let folder = newFile("recording", "")
    try RecordingFolder.write(recording, to: folder)
    let reports = [recording.edits, recording.choiceEdits].compactMap(\.self)
    return MadeRecording(file: folder.path, edits: reports.flatMap(\.entries).map(EditResult.init))
  }

  // MARK: The audit of a recording

  /// Needs no model: everything is in the recording and the vector.
  func audit(_ parameters: RemoteParameters) throws -> any Encodable {
    try parameters.allow([
      "recording", "training", "vector", "position", "draws", "permutations", "seed", "comparisons",
    ])
    guard let position = ReadPosition(rawValue: try parameters.text("position") ?? ReadPosition.prompt.rawValue) else {
      throw parameters.refusal("position", "prompt or continuation")
    }
    var options = RecordingAudit.Options()
    options.draws = try parameters.integer("draws", in: 19...100_000, default: options.draws)
    options.permutations = try parameters.integer("permutations", in: 1...1_000_000, default: options.permutations)
    options.seed = UInt64(try parameters.integer("seed", in: 0...Int(Int32.max), default: 0))
    let comparisons = try parameters.integer("comparisons", in: 1...10_000, default: 1)
    let recording = try RecordingFolder.read(URL(fileURLWithPath: parameters.needed("recording")))
    let vectors = try SteeringVectors(contentsOf: URL(fileURLWithPath: parameters.needed("vector")))
    let training = try parameters.text("training").map { folder in
      try AuditTarget(RecordingFolder.read(URL(fileURLWithPath: folder)), at: position).drawn(seed: options.seed)
    }
    let subject = AuditedVector(vectors, origin: training.map { .classes($0) }, training: training)
    let layers = vectors.sortedLayers.filter(recording.layers.contains)
    let judged = try RecordingAudit(
      AuditTarget(recording, at: position).winsorised(by: vectors.winsorising), layers: layers, options: options
    ).judge(subject)
    guard let audit = try judged.verdict(comparisons: comparisons) else {
      throw TelltaleError(.badInput, "the vector has no layer of the recording to be judged at")
    }
    return audit
  }

  // MARK: Figures

  /// Draws a figure from given numbers: the code that draws those of a run.
  func figure(_ parameters: RemoteParameters) throws -> any Encodable {
    try parameters.allow(["kind", "figure", "file"])
    let kind = try parameters.needed("kind")
    let numbers = Data(try parameters.needed("figure").utf8)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let figure: Figure
    do {
      switch kind {
      case "forest": figure = .forest(try decoder.decode(ForestPlot.self, from: numbers))
      case "curves": figure = .curves(try decoder.decode(CurvePlot.self, from: numbers))
      default: throw parameters.refusal("kind", "forest or curves")
      }
    } catch is DecodingError {
      throw parameters.refusal("figure", "the JSON text of a figure, with the keys that docs/python.md states")
    }
    let file = try parameters.text("file").map { URL(fileURLWithPath: $0) } ?? newFile("figure", ".svg")
    try figure.write(to: file)
    return MadeFile(file: file.path)
  }
}
