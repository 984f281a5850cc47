import ArgumentParser
import CommandSupport
import LanguageModels
import Steering

/// What is asked and recorded, without the model: shared by `record` and the worker.
struct RecordOptions: ParsableArguments {
  @OptionGroup var source: DataOptions
  @Option(help: "The form of the files, one of \(DatasetFormat.list) (default: told from the content).")
  var format: String?
  @Option(
    help: """
      Turns of chats at whose ends the residual stream is read too, such as 1,3: counted from 1 over the messages of user \
      and model; for --style chat.
      """)
  var turns: TurnList?
  @OptionGroup var labels: LabelOptions
  @Option(help: "Layers to record: all, or layers such as 0,3 or 8-12, counted from 0.")
  var recordLayers = LayerList.all
  @Option(help: "0 is greedy; above, tokens are drawn.")
  var temperature = 0.0
  @Option(help: "Draw from the fewest tokens that hold this share of the probability.")
  var topP = 1.0
  @OptionGroup var edit: EditOptions

  func load() throws -> (all: [Item], drawn: [Item]) {
    var data = try source.load(format: format)
    // Of TruthfulQA, whose questions have no choices, the best incorrect answer is the behaviour.
    if labels.label == .forcedChoice { data.drawn = data.drawn.map { $0.choosingReferences() } }
    return data
  }

  func record(
    _ loaded: LoadedModel, _ data: (all: [Item], drawn: [Item]), onBegin: () -> Void = {},
    onProgress: @escaping (Int) -> Void
  ) throws -> Recording {
    var options = Recorder.Options(layers: try recordLayers.resolve(loaded.model.configuration))
    options.labelSource = labels.label ?? .letter
    options.maxTokens = labels.maxTokens
    options.sampling = try Sampling(temperature: temperature, topP: topP, seed: source.items.seed)
    options.edits = try edit.edits(loaded)
    options.turns = turns?.numbers ?? []
    let recorder = try Recorder(loaded, source.encoder(loaded.tokenizer, data), options)
    Terminal.note("\(loaded.startLine); \(data.drawn.count) rows")
    onBegin()
    let recording = try recorder.recordConversations(data.drawn, onProgress: onProgress)
    try recording.require(turns: options.turns)
    return recording
  }
}

/// Turns as they are written, `1,3`.
struct TurnList: ExpressibleByArgument {
  /// Ascending, each once.
  let numbers: [Int]

  init?(argument: String) {
    let reads = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      ReadPosition(rawValue: "turn:\($0)")?.turn
    }
    guard !reads.isEmpty, reads.allSatisfy({ $0 != nil }) else { return nil }
    numbers = Set(reads.compactMap(\.self)).sorted()
  }
}

extension DatasetFormat {
  /// All of them by name, as help and messages list them.
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
