import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// What a run would compute and need: counted from its texts, and timed by computing a few of them.
package struct RunEstimate: Encodable, Sendable {
  package var experiment: String
  package var stages: [StageCost] = []
  /// Of the largest model, as it is computed with.
  package var weightBytes = 0
  /// The program with its libraries, and of the model's file what stays mapped.
  package var programBytes = 0
  /// In addition to both: what is generated together or a pass over answers to choose between, with its logits; or the layers of the
  /// largest recording that are analysed side by side; whichever is most.
  package var workingBytes = 0
  /// The most that is held at once.
  package var memoryBytes: Int { programBytes + weightBytes + workingBytes }
  package var diskBytes = 0
  /// Of all stages but the analysis.
  package var seconds = 0.0
  /// Rows that were computed for the estimate.
  package var measuredRows = 0
  /// What people or judges are to label before all predictions can be judged.
  package var labelling: [Labelling] = []

  /// Answers that predictions with `labels:` wait for.
  package struct Labelling: Encodable, Sendable, Equatable {
    /// `hand`, `hand:<rater>` or `judge:<name>`.
    package var labels: LabelChoice
    package var targets: [String]
    /// Of all models to all these targets; a prompt without an answer is not counted off.
    package var answers: Int
  }

  /// - Throws: what the run itself would throw before it computes.
  package init(
    file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), device: Devices = .cpu,
    onStage: @escaping (String) -> Void = { _ in }
  ) throws {
    let planned = try TelltaleError.located(in: file.path) {
      try PlannedRun(file: file, overrides: overrides, device: device)
    }
    experiment = planned.experiment.name
    for model in planned.experiment.models {
      onStage("\(model): counting tokens and timing a few rows")
      try add(ModelEstimate(planned, model))
    }
    if let comparisons = CompareStage.cost(planned.experiment) { stages.append(comparisons) }
    diskBytes = stages.reduce(0) { $0 + $1.bytes }
    seconds = stages.reduce(0) { $0 + ($1.seconds ?? 0) }
    labelling = labelling(planned.experiment)
  }

  private func labelling(_ experiment: Experiment) -> [Labelling] {
    experiment.otherLabels.map { choice in
      let targets = Set(experiment.predictions.filter { $0.labels == choice }.flatMap(\.targets)).sorted()
      let recorded = stages.filter { $0.kind == RecordStage.kind && targets.contains($0.subject) }
      return Labelling(labels: choice, targets: targets, answers: recorded.reduce(0) { $0 + $1.prompts })
    }
  }

  private mutating func add(_ model: ModelEstimate) throws {
    measuredRows += model.timing.rows
    if model.weightBytes >= weightBytes { programBytes = model.programBytes }
    weightBytes = max(weightBytes, model.weightBytes)
    for planned in model.planned.stages where planned.stage.model == model.name {
      guard type(of: planned.stage).needsModel, let cost = try planned.stage.cost(model) else { continue }
      stages.append(cost)
      workingBytes = max(workingBytes, planned.stage.workingBytes(model, cost))
    }
  }
}

/// How long and how large things are, from a few rows.
struct StageTiming {
  /// Seconds a token of a recording, given and generated.
  var recording: Double?
  /// Seconds a token that is only read.
  var reading: Double?
  /// Bytes of a stored row, without its activations.
  var rowBytes = 0
  /// Rows that were computed.
  var rows = 0
}

/// One model of an estimate.
struct ModelEstimate {
  /// Rows that are timed: a few first, then more where those were quick.
  private static let fewRows = 2
  private static let moreRows = 6...32
  /// Seconds that the larger sample may take.
  private static let patience = 20.0
  /// Bytes of one row of the store's table of scores with its index.
  private static let scoreBytes = 90

  let planned: PlannedRun
  private(set) var timing = StageTiming()
  private let work: ModelAtWork
  /// What is in memory once the model is loaded, without its weights.
  let programBytes: Int
  var name: ModelName { work.name }
  private var loaded: LoadedModel { work.loaded }
  var encoder: PromptEncoder { work.encoder }
  private var settings: Experiment.RecordingSettings { planned.experiment.recording }

  init(_ planned: PlannedRun, _ name: String) throws {
    self.planned = planned
    work = try ModelAtWork(planned, name)
    programBytes = max(0, (ProcessMemory.now.resident ?? 0) - work.loaded.model.weightBytes)
    timing = try measure()
  }

  var shape: ModelConfiguration { loaded.model.configuration }

  var weightBytes: Int { loaded.model.weightBytes }

  /// One position of one row in float32: every layer.
  var layerBytes: Int { shape.layerCount * shape.hiddenSize * 4 }

  /// Activations of one row in float32: two positions of every layer, and the turns that are read.
  var activationBytes: Int { (2 + planned.experiment.turns.count) * layerBytes }

  /// What a recording holds at its peak, or its analysis.
  func workingBytes(_ cost: StageCost) -> Int {
    let rows = min(cost.prompts, settings.chunkRows)
    // A chunk's activations are there twice while they are stacked.
    let chunk = 2 * rows * activationBytes
    let options = GenerationOptions(maxTokens: settings.maxTokens)
    let cache = options.cacheBytes(
      shape, sequences: rows, tokens: cost.longestPrompt + settings.maxTokens, dtype: loaded.model.dtype)
    let generation = cache + min(options.tokenBudget, cost.givenTokens) * passBytes
    let choice = ChoiceScorer.bytes(
      tokens: cost.givenTokens, scored: cost.scoredTokens, vocabulary: shape.vocabularySize, passBytes: passBytes)
    let analysis = RecordingAudit.bytes(rows: cost.prompts, width: shape.hiddenSize, layers: shape.layerCount)
    return max(max(generation, choice) + chunk, analysis)
  }

  /// What a block holds of a token: the stream with what it was made of, and either queries, keys and values before and
  /// after rotation or the network's two inner streams and their product.
  private var passBytes: Int {
    let attention = 2 * (shape.headCount + 2 * shape.keyValueHeadCount) * shape.headDimension
    return (3 * shape.hiddenSize + max(attention, 3 * shape.intermediateSize)) * loaded.model.dtype.size
  }

  // MARK: Counting

  /// The store holds a row for every answer, vector, layer and position that a prediction names.
  func scoreBytes(of target: TargetName, _ rows: Int) -> Int {
    let predictions = planned.experiment.predictions.filter { $0.targets.contains(target.text) }
    let vectors = predictions.reduce(0) {
      $0 + ($1.vectors?.count ?? planned.experiment.vectors.count) * $1.positions.count
    }
    return rows * vectors * shape.layerCount * Self.scoreBytes
  }

  // MARK: Timing

  /// Records and reads a few rows of the experiment's own.
  private func measure() throws -> StageTiming {
    var timing = StageTiming()
    if let target = planned.experiment.recordedDatasets.first {
      let recorder = try work.recorder()
      timing.recording = try sampled(planned.items(target.text), &timing.rows) { sample in
        let recording = try recorder.record(sample)
        let json = JSONEncoder()
        timing.rowBytes = try recording.rows.reduce(0) { try $0 + json.encode($1).count } / sample.count
        var cost = StageCost(kind: RecordStage.kind, model: name.text, subject: "")
        try self.count(recording: sample, in: &cost)
        return cost.givenTokens + sample.count * settings.maxTokens
      }
    }
    if let vector = planned.experiment.vectors.first(where: { $0.contrast != .spontaneous }) {
      let extraction = try VectorExtraction(
        VectorRecipe(.texts, read: .prompt), layers: Array(0..<shape.layerCount), seed: planned.experiment.seed)
      timing.reading = try sampled(planned.items(of: vector), &timing.rows) { sample in
        let prompts = try sample.map { encoder.encode(try encoder.prompt($0)).ids }
        _ = try extraction.run(loaded, prompts.map(Self.withoutItsEnd))
        return prompts.reduce(0) { $0 + $1.count }
      }
    }
    return timing
  }

  /// A text, and the same without its last token: two texts that differ and cost one.
  private static func withoutItsEnd(_ ids: [Int]) -> ReadablePair {
    let shorter = ids.count > 1 ? Array(ids.dropLast()) : ids + ids
    return ReadablePair(
      positive: ReadableText(ids: ids, read: ids.count - 1..<ids.count),
      negative: ReadableText(ids: shorter, read: shorter.count - 1..<shorter.count), group: "")
  }

  /// Seconds a token of some work on evenly spaced items, from what more of them take longer than a few: what a pass costs
  /// however much it holds, as reading the weights for each new token, is shared by many rows in the run.
  ///
  /// - Parameter work: returns how many tokens it computed.
  private func sampled(_ items: [Item], _ rows: inout Int, _ work: ([Item]) throws -> Int) throws -> Double {
    func measure(_ wanted: Int) throws -> (seconds: Double, tokens: Int) {
      let number = min(wanted, items.count)
      let started = Date()
      let tokens = try work((0..<number).map { items[$0 * items.count / number] })
      rows += number
      return (Date().timeIntervalSince(started), max(1, tokens))
    }
    _ = try measure(1)  // the first pass reads the weights and warms up
    let few = try measure(Self.fewRows)
    let affordable = Int(Double(Self.fewRows) * Self.patience / max(few.seconds, 1e-3))
    guard affordable >= Self.moreRows.lowerBound else { return few.seconds / Double(few.tokens) }
    let more = try measure(min(affordable, Self.moreRows.upperBound))
    let (seconds, tokens) = (more.seconds - few.seconds, more.tokens - few.tokens)
    return seconds > 0 && tokens > 0 ? seconds / Double(tokens) : more.seconds / Double(more.tokens)
  }
}
