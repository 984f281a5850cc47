import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Torch

/// What `telltale-bench` found: medians over rounds. Rates are in GFLOP/s or GB/s, shares are of 1.
struct BenchReport: Encodable {
  struct Extraction: Encodable {
    var pairs: Int
    var layers: [Int]
    var tokensGiven: Int
    var tokensComputed: Int
    var pairsPerSecond: Double
    /// Tokens of both halves of every pair, as a tool that shares nothing would compute them.
    var tokensGivenPerSecond: Double
    var tokensComputedPerSecond: Double
    var rate: Double
    /// The machine's GEMM rate at `gemmRows` rows around the job.
    var gemmRate: Double
    var shareOfGemm: Double
    /// The same by processor time instead of time on the wall, which neighbours on the same cores disturb less.
    var shareOfGemmByProcessorTime: Double

    init(_ samples: [BenchJobs.ExtractionSample], layers: [Int], gemmRates: [BenchRate]) {
      let seconds = Bench.median(samples.map(\.time.wall))
      let rates = samples.map { BenchRate(operations: $0.operations, $0.time) }
      pairs = samples[0].pairs
      self.layers = layers
      tokensGiven = samples[0].tokensGiven
      tokensComputed = samples[0].tokensComputed
      pairsPerSecond = Double(pairs) / seconds
      tokensGivenPerSecond = Double(tokensGiven) / seconds
      tokensComputedPerSecond = Double(tokensComputed) / seconds
      rate = Bench.median(rates.map(\.wall))
      gemmRate = Bench.median(gemmRates.map(\.wall))
      shareOfGemm = Bench.median(zip(rates, gemmRates).map { $0.wall / $1.wall })
      shareOfGemmByProcessorTime = Bench.median(zip(rates, gemmRates).map { $0.processor / $1.processor })
    }
  }

  struct Decoding: Encodable {
    var batch: Int
    var tokensPerSecond: Double
    var promptTokensPerSecond: Double
    var rate: Double
    /// The machine's GEMM rate at as many rows as there are sequences, around the job.
    var gemmRate: Double
    var shareOfGemm: Double
    /// The same by processor time.
    var shareOfGemmByProcessorTime: Double
    /// GB/s of weights that the steps read at least.
    var weightReadRate: Double

    init(
      _ samples: [BenchJobs.DecodingSample], batch: Int, parameters: Int, bytes: Int, gemmRates: [BenchRate]
    ) {
      let rates = samples.map { BenchRate(operations: 2 * Double(parameters) * Double($0.tokens), $0.time) }
      self.batch = batch
      tokensPerSecond = Bench.median(samples.map { Double($0.tokens) / $0.time.wall })
      promptTokensPerSecond = Bench.median(samples.map { Double($0.promptTokens) / $0.promptTime.wall })
      rate = Bench.median(rates.map(\.wall))
      gemmRate = Bench.median(gemmRates.map(\.wall))
      shareOfGemm = Bench.median(zip(rates, gemmRates).map { $0.wall / $1.wall })
      shareOfGemmByProcessorTime = Bench.median(zip(rates, gemmRates).map { $0.processor / $1.processor })
      weightReadRate = Bench.median(samples.map { Double($0.steps * bytes) / $0.time.wall / 1e9 })
    }
  }

  struct Recording: Encodable {
    var prompts: Int
    var promptTokens: Int
    var newTokens: Int
    var seconds: Double
    var promptsPerSecond: Double

    init(_ samples: [BenchJobs.RecordingSample]) {
      prompts = samples[0].prompts
      promptTokens = samples[0].promptTokens
      newTokens = samples[0].newTokens
      seconds = Bench.median(samples.map(\.time.wall))
      promptsPerSecond = Double(prompts) / seconds
    }
  }

  var telltale = Version.current
  var libtorch = Runtime.version
  var model: String
  var layers: Int
  var dtype: String
  var device: String
  var threads = Runtime.threadCount
  /// What the prompts are.
  var prompts = ""
  var meanPromptTokens = 0.0
  /// Rows of the matrix products around extraction.
  var gemmRows = 512
  /// 512 rows in float32.
  var float32Rate = 0.0
  var readRate = 0.0
  var extraction: Extraction?
  var decoding: [Decoding] = []
  var recording: [Recording] = []
  /// By tokens in the pass.
  var breakdown: [Int: [BenchBreakdown.Row]] = [:]
  /// Bytes.
  var peakMemory: Int?

  init(model name: String, _ model: LanguageModel, _ device: Device) {
    self.model = name
    layers = model.configuration.layerCount
    dtype = model.arithmetic
    self.device = device.description
  }

  func print() {
    Output.line("model          \(model), \(layers) layers, \(dtype), \(device), \(threads) threads")
    Output.line("prompts        \(prompts), mean \(Self.text(meanPromptTokens, 0)) tokens")
    Output.line("float32 GEMM   \(Self.text(float32Rate, 0)) GFLOP/s at 512 rows")
    Output.line("memory read    \(Self.text(readRate)) GB/s")
    if let extraction { Output.line(text(extraction)) }
    if !decoding.isEmpty {
      Output.line("decoding    tok/s  prompt tok/s  GFLOP/s  of GEMM at as many rows (wall, processor)  weights GB/s")
    }
    for row in decoding {
      Output.line(
        String(
          format: "batch %-3d %8.1f %13.0f %8.0f %12.0f (%.0f %%, %.0f %%) %13.1f", row.batch, row.tokensPerSecond,
          row.promptTokensPerSecond, row.rate, row.gemmRate, 100 * row.shareOfGemm,
          100 * row.shareOfGemmByProcessorTime, row.weightReadRate))
    }
    for row in recording {
      Output.line(
        String(
          format: "recording      %d prompts, %d tokens, %d new ones, all layers twice: %.2f s, %.1f prompts/s",
          row.prompts, row.promptTokens, row.newTokens, row.seconds, row.promptsPerSecond))
    }
    for (tokens, rows) in breakdown.sorted(by: { $0.key < $1.key }) { BenchBreakdown.print(rows, tokens: tokens) }
    if let peakMemory { Output.line("peak memory    \(Self.text(Double(peakMemory) / Double(1 << 30))) GiB") }
  }

  private func text(_ extraction: Extraction) -> String {
    func text(_ value: Double, _ digits: Int = 1) -> String { Self.text(value, digits) }
    return
      """
      \(dtype) GEMM  \(text(extraction.gemmRate, 0)) GFLOP/s at \(gemmRows) rows, around the extraction
      extraction     \(extraction.layers.count) layers: \(text(extraction.pairsPerSecond, 2)) pairs/s, \(text(extraction.tokensGivenPerSecond, 0)) tok/s given \
      (\(extraction.tokensGiven)), \(text(extraction.tokensComputedPerSecond, 0)) tok/s computed (\(extraction.tokensComputed))
      of GEMM        \(text(100 * extraction.shareOfGemm)) % by the wall clock, \
      \(text(100 * extraction.shareOfGemmByProcessorTime)) % by processor time: \(text(extraction.rate, 0)) GFLOP/s in projections
      """
  }

  private static func text(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
}
