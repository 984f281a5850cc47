import ArgumentParser
import CommandSupport
import Foundations
import LanguageModels
import Steering
import Torch

/// What `telltale-bench --sweep` measures.
struct BenchSweepOptions: ParsableArguments {
  @Flag(help: "Measure a sweep of layers and scales against one unsteered pass, and nothing else.")
  var sweep = false
  @Option(help: "Items of --sweep, each a prompt with two answers.")
  var items = 200
  @Option(help: "Layers that --sweep edits, spread evenly over the model.")
  var sweepLayers = 8
  @Option(help: "Scales of each layer in --sweep, none of them 0.")
  var sweepScales = 5
  @Option(
    parsing: .upToNextOption,
    help:
      "Rules of edit positions that --sweep measures: \(EditPositions.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var sweepPositions: [EditPositions] = [.fromPromptEnd]
  @Option(help: "Items of --sweep for rules that edit the prompt itself, which share less and cost more.")
  var wholePromptItems = 10

  func validate() throws {
    for (name, value, range) in [
      ("items", items, 1...100_000), ("sweep-layers", sweepLayers, 1...1000), ("sweep-scales", sweepScales, 1...1000),
      ("whole-prompt-items", wholePromptItems, 1...100_000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
  }
}

/// Times a sweep and one unsteered pass over the same items, by the code that evaluations and sweeps run.
struct BenchSweep {
  /// What a sweep may cost at most, in unsteered passes.
  static let limit = 12.0

  let families: [ScoredFamily]
  let prompts: BenchPrompts
  let layers: [Int]
  let scales: [Double]
  private let model: LanguageModel
  private let vectors: SteeringVectors
  private let tokenBudget: Int
  private let wholePromptItems: Int

  init(_ model: LanguageModel, _ prompts: BenchPrompts, _ options: BenchSweepOptions, tokenBudget: Int) throws {
    (self.model, self.prompts, self.tokenBudget) = (model, prompts, tokenBudget)
    layers = try Self.spread(options.sweepLayers, over: model.configuration.layerCount)
    scales = (1...options.sweepScales).map(Double.init)
    wholePromptItems = options.wholePromptItems
    families = try prompts.families()
    let hidden = model.configuration.hiddenSize
    let drawn = try layers.map { ($0, try Tensor.randomNormal([hidden], seed: UInt64($0)).floats()) }
    vectors = SteeringVectors(layers: Dictionary(uniqueKeysWithValues: drawn), provenance: VectorProvenance())
  }

  /// The middles of `count` equal parts of a model's layers.
  static func spread(_ count: Int, over depth: Int) throws -> [Int] {
    guard count <= depth else {
      throw TelltaleError(
        .badInput,
        "the model has \(depth) layers, of which \(count) cannot be edited; give --sweep-layers \(depth)")
    }
    return (0..<count).map { (2 * $0 + 1) * depth / (2 * count) }
  }

  /// Medians over rounds, each of which times an unsteered pass and the sweep one after the other.
  func measure(_ rule: EditPositions, rounds: Int) throws -> BenchSweepReport.Rule {
    let own = Array(families.prefix(Self.editsPrompt(rule) ? wholePromptItems : families.count))
    let grid = try SteeringGrid(vectors, layers: layers, scales: scales, positions: [rule])
    let scorer = GridScorer(model, tokenBudget: tokenBudget)
    var cost = GridCost()
    var times: [(once: Double, sweep: Double)] = []
    for _ in 0..<rounds {
      let once = try BenchTime(of: { _ = try scorer.score(own, cells: [.unsteered]) })
      let sweep = try BenchTime(of: { cost = try scorer.score(own, cells: grid.cells).cost })
      times.append((once.wall, sweep.wall))
    }
    let measured = Bench.median(times.map { $0.sweep / $0.once })
    let counted = cost.parameterRatio(model.configuration)
    return BenchSweepReport.Rule(
      editPositions: rule.rawValue, items: own.count, cells: grid.cells.count,
      onePassSeconds: Bench.median(times.map(\.once)), sweepSeconds: Bench.median(times.map(\.sweep)),
      measured: measured, counted: counted, isUnderTwelve: max(measured, counted) < Self.limit)
  }

  private static func editsPrompt(_ rule: EditPositions) -> Bool { rule.firstEdited(promptLength: 2) == 0 }
}

extension BenchPrompts {
  /// Each pair as a prompt with two answers: what the halves share, and what they do not.
  func families() throws -> [ScoredFamily] {
    try pairs.enumerated().map { index, pair in
      let sequences = [pair.positive.ids, pair.negative.ids]
      let shared = PackedBatch.commonPrefix(sequences)
      guard shared > 1, sequences.allSatisfy({ $0.count > shared }) else {
        throw TelltaleError(
          .badInput,
          "pair \(index + 1) is no prompt of two tokens or more with two answers; give halves that begin alike and end "
            + "in different answers", at: InputLocation(file: source))
      }
      return ScoredFamily(sequences: sequences, promptLength: shared, scoredFrom: shared)
    }
  }
}

/// What `telltale-bench --sweep` found.
struct BenchSweepReport: Encodable {
  struct Rule: Encodable, Sendable {
    var editPositions: String
    var items: Int
    /// The unsteered model among them.
    var cells: Int
    var onePassSeconds: Double
    var sweepSeconds: Double
    /// The sweep's time in those of one pass: the median of the rounds' ratios.
    var measured: Double
    /// Parameters x tokens computed, in those of one pass.
    var counted: Double
    /// By both counts.
    var isUnderTwelve: Bool
  }

  var telltale = Version.current
  var libtorch = Runtime.version
  var model: String
  var layers: Int
  var dtype: String
  var device: String
  var threads = Runtime.threadCount
  var prompts: String
  var meanPromptTokens: Double
  var editedLayers: [Int]
  var scales: [Double]
  var rules: [Rule] = []

  init(model name: String, _ model: LanguageModel, _ device: Device, _ sweep: BenchSweep) {
    self.model = name
    layers = model.configuration.layerCount
    dtype = model.dtype.rawValue
    self.device = device.description
    prompts = sweep.prompts.source
    meanPromptTokens = sweep.prompts.meanLength
    (editedLayers, scales) = (sweep.layers, sweep.scales)
  }

  func print() {
    Output.line("model    \(model), \(layers) layers, \(dtype), \(device), \(threads) threads")
    Output.line(String(format: "items    %@, mean %.0f tokens, two answers each", prompts, meanPromptTokens))
    let edited = editedLayers.map(String.init).joined(separator: ", ")
    Output.line("sweep    \(editedLayers.count) layers (\(edited)) x \(scales.count) scales and the unsteered model")
    Self.table.values(rules).print()
    Output.line(
      "in unsteered passes over the same items: measured by the clock; counted in parameters x tokens computed")
  }

  private static let table = Table<Rule>(
    "bench-sweep", "",
    [
      .text("edit_positions", "", \.editPositions), .integer("items", "", \.items),
      .number("one_pass_s", "", \.onePassSeconds), .number("sweep_s", "", \.sweepSeconds),
      .number("measured", "", \.measured), .number("counted", "", \.counted),
      .text("under_12") { $0.isUnderTwelve ? "yes" : "no" },
    ])
}
