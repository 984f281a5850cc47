import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

extension GeneratedModel.Shape: ExpressibleByArgument {}

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Measure how fast this machine extracts vectors and generates, and how much of it that is.",
    discussion: """
      Runs extraction and generation on a model of a well-known shape with random weights, or on a checkpoint, and \
      measures the machine's matrix products around every job. Each number is the median of several rounds; the share \
      compares a job with the products measured just before and after it, so that a busy machine slows both.

      With --sweep, measures instead what a sweep of layers and scales over many items costs, in unsteered passes over them.
      """)

  @Option(
    help: ArgumentHelp(
      "Shape of the generated model: \(GeneratedModel.Shape.allCases.map(\.rawValue).joined(separator: ", ")) "
        + "(default: mistral-7b, with --sweep smollm2-135m)."))
  var shape: GeneratedModel.Shape?
  @Option(help: "Decoder blocks of the generated model (default: 4, or all of tiny and smollm2-135m).")
  var layers: Int?
  @Option(help: "Measure this checkpoint instead: a directory, a Hugging Face id or an embedded model.")
  var model: String?
  @OptionGroup var compute: ComputeOptions
  @Option(
    name: .customLong("compute"),
    help: "int8: multiply int8 weights with 8 bits of the tokens that a pair shares, 16 of the others.")
  var arithmetic: ProductArithmetic?
  @Option(help: "JSON Lines of {\"positive\": \"...\", \"negative\": \"...\"} to run (default: random tokens).")
  var pairs: String?
  @Option(help: "Directory of the tokenizer for --pairs (default: the checkpoint's).")
  var tokenizer: String?
  @Option(help: "JSON Lines of {\"shared\": 250, \"positive\": 2, \"negative\": 2}: lengths of the pairs to draw.")
  var lengths: String?
  @Option(help: "Contrast pairs to extract from.")
  var take = 16
  @Option(help: "Layers to extract, such as 0-1: nothing is computed above the last (default: all).")
  var readLayers = LayerList.all
  @Option(help: "Sequences decoded together, such as 1,8,32.")
  var batches = "1,8,32"
  @Option(help: "Tokens to generate for each prompt.")
  var newTokens = 33
  @Option(help: "Prompts to record together, with activations of all layers, such as 32,128 (default: none).")
  var record: String?
  @Flag(help: "Time every operation of a block on its own.")
  var breakdown = false
  @OptionGroup var sweep: BenchSweepOptions
  @Option(help: "Rounds that medians are taken over.")
  var rounds = 3
  @OptionGroup var budget: BudgetOptions
  @Option(help: "Seed of weights and tokens.")
  var seed: UInt64 = 0
  @Flag(help: "Measure instead how long --model takes until it is ready, and its memory.")
  var load = false
  @Flag(
    help:
      "Measure LoRA steps on 4 x 256 tokens instead, or on 4 rows of --lengths each (in order; the positive end is the answer)."
  )
  var finetune = false
  @Option(help: "With --finetune: how many tokens at the end of each row are predicted (default: all but the first).")
  var answerTokens: Int?
  @Flag(help: "With --finetune: keep all activations instead of computing them again.")
  var withoutCheckpointing = false
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for (name, value, range) in [
      ("take", take, 1...100_000), ("new-tokens", newTokens, 2...4096), ("rounds", rounds, 1...1000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    if let answerTokens, !(1...255).contains(answerTokens) {
      throw ValidationError("--answer-tokens must be from 1 to 255, not \(answerTokens)")
    }
    _ = try Self.sizes(batches, of: "batches")
    _ = try record.map { try Self.sizes($0, of: "record") }
    if load, model == nil { throw ValidationError("--load loads a checkpoint: name it with --model") }
    if pairs != nil, tokenizer == nil, model == nil {
      throw ValidationError("--pairs needs a tokenizer: give --tokenizer or --model")
    }
  }

  func run() throws {
    let devices = try compute.prepare()
    if load, let model {
      let report = try BenchLoad(
        model, dtype: compute.computationType(), weights: compute.weights, device: devices)
      return try json ? Output.json(report) : report.print()
    }
    let (model, device) = (try makeModel(devices), devices.first)
    if sweep.sweep { return try runSweep(model, device) }
    BenchMachine.forgetPeakMemory()
    let machine = try BenchMachine(dtype: model.dtype, device: device, hasInt8Weights: model.hasInt8Weights)
    if finetune { return try measureFinetuning(model, machine) }
    var report = BenchReport(model: self.model ?? ownShape.rawValue, model, device)
    report.float32Rate = try BenchMachine(dtype: .float32, device: device).gemmRate(rows: 512).wall
    report.readRate = try machine.readRate()
    try measureExtraction(model, machine, &report)
    for batch in try Self.sizes(batches, of: "batches") { try measureDecoding(model, machine, batch, &report) }
    for count in try Self.sizes(record ?? "", of: "record") { try measureRecording(model, count, &report) }
    if breakdown {
      for rows in [1, budget.tokenBudget] {
        report.breakdown[rows] = try BenchBreakdown(model, rows: rows, length: 256).measure()
      }
    }
    report.peakMemory = ProcessMemory.now.peak
    if json { try Output.json(report) } else { report.print() }
  }

  private func makeModel(_ device: Devices) throws -> LanguageModel {
    let made = try makeModel(device, weights: arithmetic == nil ? compute.weights : .int8)
    return arithmetic == nil ? made : try made.roundingSharedTokens()
  }

  private func makeModel(_ device: Devices, weights: WeightFormat) throws -> LanguageModel {
    if let model {
      return try LanguageModel.load(
        ModelLocator.directory(for: model), dtype: compute.computationType(), weights: weights, device: device)
    }
    let shape = ownShape
    let depth = layers ?? (shape == .tiny ? nil : shape == .smolLM2of135M ? 10 : 4)
    Terminal.note("making \(depth.map { "\($0) layers" } ?? "all layers") of \(shape.rawValue) with random weights")
    return try GeneratedModel.make(
      shape, layers: depth, dtype: compute.computationType() ?? .bfloat16, weights: weights, device: device.first,
      seed: seed)
  }

  private var ownShape: GeneratedModel.Shape { shape ?? (sweep.sweep ? .smolLM2of135M : .mistral7B) }

  /// Numbers such as 1,8,32; none for an empty text.
  private static func sizes(_ text: String, of option: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    if text.isEmpty { return [] }
    let sizes = parts.compactMap { $0 }.filter { (1...4096).contains($0) }
    guard sizes.count == parts.count else {
      throw ValidationError("--\(option) must be numbers from 1 to 4096 such as 1,8,32, not \(text)")
    }
    return sizes
  }

  private func prompts(_ model: LanguageModel, count: Int) throws -> BenchPrompts {
    let vocabulary = model.configuration.vocabularySize
    if let lengths { return try .drawn(lengths: lengths, count: count, vocabulary: vocabulary, seed: seed) }
    guard let pairs else { return .drawn(count: count, vocabulary: vocabulary, seed: seed) }
    let directory = try ModelLocator.directory(for: tokenizer ?? self.model ?? "")
    return try .read(pairs, count: count, tokenizer: Tokenizer.load(directory: directory), vocabulary: vocabulary)
  }

  private func runSweep(_ model: LanguageModel, _ device: Device) throws {
    let prompts = try prompts(model, count: sweep.items)
    let bench = try BenchSweep(model, prompts, sweep, tokenBudget: budget.tokenBudget)
    var report = BenchSweepReport(model: self.model ?? ownShape.rawValue, model, device, bench)
    for rule in sweep.sweepPositions {
      Terminal.note("sweeping at \(rule.rawValue), \(rounds) rounds")
      report.rules.append(try bench.measure(rule, rounds: rounds))
    }
    if json { try Output.json(report) } else { report.print() }
  }

  // MARK: Measuring

  private func measureExtraction(
    _ model: LanguageModel, _ machine: BenchMachine, _ report: inout BenchReport
  ) throws {
    let prompts = try prompts(model, count: take)
    let jobs = BenchJobs(model: model, tokenBudget: budget.tokenBudget)
    let layers = try readLayers.resolve(model.configuration)
    Terminal.note("extracting \(layers.count) layers from \(prompts.pairs.count) pairs, \(rounds) rounds")
    _ = try jobs.extract(Array(prompts.pairs.prefix(1)), layers: layers)
    var samples: [BenchJobs.ExtractionSample] = []
    // A GPU's rate still grows with the rows where a processor's no longer does.
    report.gemmRows = model.device == .cpu ? 512 : min(budget.tokenBudget, 8192)
    let rates = try beside(machine, rows: report.gemmRows, coarse: model.roundsSharedTokens) {
      samples.append(try jobs.extract(prompts.pairs, layers: layers))
    }
    report.prompts = prompts.source
    report.meanPromptTokens = prompts.meanLength
    report.extraction = BenchReport.Extraction(samples, layers: layers, gemmRates: rates)
  }

  private func measureFinetuning(_ model: LanguageModel, _ machine: BenchMachine) throws {
    Terminal.note("LoRA steps, \(rounds) rounds")
    let rows = try lengths.map(BenchFinetune.rows(lengths:)) ?? BenchFinetune.rows(answer: answerTokens ?? 255)
    let job = BenchFinetune(model: model, checkpointing: !withoutCheckpointing, rows: rows, seed: seed)
    let report = try job.report { try beside(machine, rows: 512, $0) }
    if json { try Output.json(report) } else { report.print() }
  }

  private func measureDecoding(
    _ model: LanguageModel, _ machine: BenchMachine, _ batch: Int, _ report: inout BenchReport
  ) throws {
    let given = try prompts(model, count: batch).prompts
    let sequences = (0..<batch).map { given[$0 % given.count] }
    let jobs = BenchJobs(model: model, tokenBudget: budget.tokenBudget)
    Terminal.note("decoding \(batch) sequences together, \(rounds) rounds")
    var samples: [BenchJobs.DecodingSample] = []
    let rates = try beside(machine, rows: batch) {
      samples.append(try jobs.decode(sequences, newTokens: newTokens))
    }
    report.decoding.append(
      BenchReport.Decoding(
        samples, batch: batch, parameters: jobs.decodedParameters, bytes: jobs.decodedBytes, gemmRates: rates))
  }

  private func measureRecording(_ model: LanguageModel, _ count: Int, _ report: inout BenchReport) throws {
    let given = try prompts(model, count: count).prompts
    let jobs = BenchJobs(model: model, tokenBudget: budget.tokenBudget)
    Terminal.note("recording \(given.count) prompts, \(rounds) rounds")
    _ = try jobs.record(Array(given.prefix(2)), newTokens: 2)
    report.recording.append(
      BenchReport.Recording(try (0..<rounds).map { _ in try jobs.record(given, newTokens: newTokens) }))
  }

  /// Runs a job `rounds` times, and gives for each the GEMM rate around it: the mean of before and after.
  private func beside(
    _ machine: BenchMachine, rows: Int, coarse: Bool = false, _ job: () throws -> Void
  ) throws -> [BenchRate] {
    var rates: [BenchRate] = []
    var before = try machine.gemmRate(rows: rows, coarse: coarse)
    for _ in 0..<rounds {
      try job()
      let after = try machine.gemmRate(rows: rows, coarse: coarse)
      rates.append(BenchRate(meanOf: before, after))
      before = after
    }
    return rates
  }

  // MARK: Numbers

  /// The middle value; the mean of the two middle ones where their number is even. NaN for none.
  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
