import Foundation
import LanguageModels
import Torch

/// What `telltale bench` found: medians over rounds. Rates are in GFLOP/s or GB/s, shares are of 1.
struct BenchReport: Encodable {
  struct Extraction: Encodable {
    var pairs: Int
    var tokensGiven: Int
    var tokensComputed: Int
    var pairsPerSecond: Double
    /// Tokens of both halves of every pair, as a tool that shares nothing would compute them.
    var tokensGivenPerSecond: Double
    var tokensComputedPerSecond: Double
    var rate: Double
    /// The machine's GEMM rate at 512 rows beside the job.
    var gemmRate: Double
    var shareOfGemm: Double

    init(_ samples: [BenchJobs.ExtractionSample], gemmRates: [Double]) {
      let seconds = Bench.median(samples.map(\.seconds))
      let rates = samples.map { $0.operations / $0.seconds / 1e9 }
      pairs = samples[0].pairs
      tokensGiven = samples[0].tokensGiven
      tokensComputed = samples[0].tokensComputed
      pairsPerSecond = Double(pairs) / seconds
      tokensGivenPerSecond = Double(tokensGiven) / seconds
      tokensComputedPerSecond = Double(tokensComputed) / seconds
      rate = Bench.median(rates)
      gemmRate = Bench.median(gemmRates)
      shareOfGemm = Bench.median(zip(rates, gemmRates).map { $0 / $1 })
    }
  }

  struct Decoding: Encodable {
    var batch: Int
    var tokensPerSecond: Double
    var promptTokensPerSecond: Double
    var rate: Double
    /// The machine's GEMM rate at as many rows as there are sequences, beside the job.
    var gemmRate: Double
    var shareOfGemm: Double
    /// GB/s of weights that the steps read.
    var weightReadRate: Double

    init(
      _ samples: [BenchJobs.DecodingSample], batch: Int, parameters: Int, dtype: DType, gemmRates: [Double]
    ) {
      let rates = samples.map { 2 * Double(parameters) * Double($0.tokens) / $0.seconds / 1e9 }
      self.batch = batch
      tokensPerSecond = Bench.median(samples.map { Double($0.tokens) / $0.seconds })
      promptTokensPerSecond = Bench.median(samples.map { Double($0.promptTokens) / $0.promptSeconds })
      rate = Bench.median(rates)
      gemmRate = Bench.median(gemmRates)
      shareOfGemm = Bench.median(zip(rates, gemmRates).map { $0 / $1 })
      weightReadRate = Bench.median(samples.map { Double($0.steps * parameters * dtype.size) / $0.seconds / 1e9 })
    }
  }

  var telltale = Telltale.version
  var libtorch = Runtime.version
  var model: String
  var layers: Int
  var dtype: String
  var device: String
  var threads = Runtime.threadCount
  /// What the prompts are.
  var prompts = ""
  var meanPromptTokens = 0.0
  /// 512 rows in float32.
  var float32Rate = 0.0
  var readRate = 0.0
  var extraction: Extraction?
  var decoding: [Decoding] = []
  /// Bytes.
  var peakMemory: Int?

  init(model name: String, _ model: LanguageModel, _ device: Device) {
    self.model = name
    layers = model.configuration.layerCount
    dtype = model.dtype.rawValue
    self.device = device.description
  }

  func print() {
    Output.line("model          \(model), \(layers) layers, \(dtype), \(device), \(threads) threads")
    Output.line("prompts        \(prompts), mean \(Self.text(meanPromptTokens, 0)) tokens")
    Output.line("float32 GEMM   \(Self.text(float32Rate, 0)) GFLOP/s at 512 rows")
    Output.line("memory read    \(Self.text(readRate)) GB/s")
    if let extraction { Output.line(Self.text(extraction, dtype)) }
    if !decoding.isEmpty {
      Output.line("decoding    tok/s  prompt tok/s  GFLOP/s  of GEMM at as many rows  weights GB/s")
    }
    for row in decoding {
      Output.line(
        String(
          format: "batch %-3d %8.1f %13.0f %8.0f %17.0f (%2.0f %%) %13.1f", row.batch, row.tokensPerSecond,
          row.promptTokensPerSecond, row.rate, row.gemmRate, 100 * row.shareOfGemm, row.weightReadRate))
    }
    if let peakMemory { Output.line("peak memory    \(Self.text(Double(peakMemory) / Double(1 << 30))) GiB") }
  }

  private static func text(_ extraction: Extraction, _ dtype: String) -> String {
    """
    \(dtype) GEMM  \(text(extraction.gemmRate, 0)) GFLOP/s at 512 rows, beside the extraction
    extraction     \(text(extraction.pairsPerSecond, 2)) pairs/s, \(text(extraction.tokensGivenPerSecond, 0)) tok/s given \
    (\(extraction.tokensGiven)), \(text(extraction.tokensComputedPerSecond, 0)) tok/s computed (\(extraction.tokensComputed))
    of GEMM        \(text(100 * extraction.shareOfGemm)) %: \(text(extraction.rate, 0)) GFLOP/s in projections
    """
  }

  private static func text(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
}
