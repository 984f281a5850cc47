import Foundation
import LanguageModels
import Torch

/// LoRA steps (q and v, rank 16) on sequences of random tokens, timed beside the machine's matrix products.
struct BenchFinetune {
  static let sequences = 4
  static let length = 256

  let model: LanguageModel
  let checkpointing: Bool
  let seed: UInt64

  struct Report: Encodable {
    var sequences = BenchFinetune.sequences
    var length = BenchFinetune.length
    var gradientCheckpointing: Bool
    var tokensPerSecond: Double
    /// Of the GEMM rate, where a token takes 4 x parameters operations: forward, and backward to the activations.
    var shareOfGemm: Double
    var gemmRate: Double
    var peakMemory: Int?
    var weightBytes: Int
  }

  /// - Parameter beside: runs a job several times and gives the GEMM rate around each.
  func report(beside: (() throws -> Void) throws -> [BenchRate]) throws -> Report {
    var settings = TrainingSettings()
    (settings.batch, settings.steps, settings.gradientCheckpointing) = (Self.sequences, 1_000, checkpointing)
    let adapter = try LoRAAdapter.initial(LoRAConfiguration(rank: 16, alpha: 16), for: model.configuration, seed: seed)
    let trainer = try LoRATrainer(model, from: adapter, settings: settings)
    let batch = drawn()
    try trainer.step([batch])
    var seconds: [Double] = []
    let rates = try beside { seconds.append(try BenchTime(of: { try trainer.step([batch]) }).wall) }
    let tokens = Double(Self.sequences * Self.length)
    let parameters = model.configuration.layerCount * model.configuration.blockParameters
    let operations = 4 * Double(parameters + model.configuration.headParameters) * tokens
    let shares = zip(seconds, rates).map { operations / $0 / 1e9 / $1.wall }
    return Report(
      gradientCheckpointing: checkpointing, tokensPerSecond: tokens / Bench.median(seconds),
      shareOfGemm: Bench.median(shares), gemmRate: Bench.median(rates.map(\.wall)), peakMemory: BenchMachine.peakMemory,
      weightBytes: model.weightBytes)
  }

  /// Sequences whose every token but the first is predicted.
  private func drawn() -> [TrainingSequence] {
    var random = SplitMix64(seed: seed)
    return (0..<Self.sequences).map { _ in
      let tokens = (0..<Self.length).map { _ in
        Int(random.next() % UInt64(model.configuration.vocabularySize))
      }
      return TrainingSequence(tokens: tokens, answer: 1..<Self.length)
    }
  }
}

extension BenchFinetune.Report {
  func print() {
    let gibibyte = Double(1 << 30)
    Output.line(
      "LoRA steps, \(sequences) x \(length) tokens, gradient checkpointing \(gradientCheckpointing ? "on" : "off")")
    Output.line(
      String(
        format: "%.0f tokens/s, %.0f %% of the GEMM rate of %.0f GFLOP/s", tokensPerSecond, 100 * shareOfGemm, gemmRate)
    )
    let peak = peakMemory.map { String(format: "%.2f GiB", Double($0) / gibibyte) } ?? "not known"
    Output.line("peak memory \(peak), of which weights " + String(format: "%.2f GiB", Double(weightBytes) / gibibyte))
  }
}
