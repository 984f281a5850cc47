import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Torch

/// LoRA steps (q and v, rank 16) on sequences of random tokens, timed against the machine's matrix products.
struct BenchFinetune {
  static let sequences = 4

  let model: LanguageModel
  let checkpointing: Bool
  /// Tokens of each row, and how many of them at its end are predicted; four rows a step, again from the first when all are
  /// used up.
  let rows: [(length: Int, answer: Int)]
  let seed: UInt64

  /// Rows of 256 tokens of which the last `answer` are predicted.
  static func rows(answer: Int) -> [(length: Int, answer: Int)] { [(length: 256, answer: answer)] }

  /// Rows of the lengths in a file, in its order: a prompt of `shared` tokens and an answer of `positive` ones.
  static func rows(lengths path: String) throws -> [(length: Int, answer: Int)] {
    try BenchPrompts.readLengths(path).flatMap { own in
      Array(repeating: (length: own.shared + own.positive, answer: own.positive), count: own.count ?? 1)
    }
  }

  struct Report: Encodable {
    var sequences = BenchFinetune.sequences
    var tokens: Int
    var predicted: Int
    var gradientCheckpointing: Bool
    var tokensPerSecond: Double
    /// Of the GEMM rate, where a token takes 4 x parameters operations: forward, and backward to the activations.
    var shareOfGemm: Double
    var gemmRate: Double
    var peakMemory: Int?
    var weightBytes: Int
  }

  /// - Parameter `beside`: runs a job several times and gives the GEMM rate around each.
  func report(beside: (() throws -> Void) throws -> [BenchRate]) throws -> Report {
    var settings = TrainingSettings()
    (settings.batch, settings.steps, settings.gradientCheckpointing) = (Self.sequences, 1_000, checkpointing)
    let adapter = try LoRAAdapter.initial(LoRAConfiguration(rank: 16, alpha: 16), for: model.configuration, seed: seed)
    let trainer = try LoRATrainer(model, from: adapter, settings: settings)
    try trainer.step([batch(0)])
    var (seconds, tokens, predicted): ([Double], [Int], [Int]) = ([], [], [])
    let rates = try beside {
      let batch = batch(seconds.count)
      seconds.append(try BenchTime(of: { try trainer.step([batch]) }).wall)
      tokens.append(batch.reduce(0) { $0 + $1.tokens.count })
      predicted.append(batch.reduce(0) { $0 + $1.predicted.count })
    }
    let parameters = model.configuration.layerCount * model.configuration.blockParameters
    let operations = 4 * Double(parameters + model.configuration.headParameters)
    let speeds = zip(tokens, seconds).map { Double($0) / $1 }
    let shares = zip(speeds, rates).map { operations * $0 / 1e9 / $1.wall }
    return Report(
      tokens: tokens.reduce(0, +), predicted: predicted.reduce(0, +), gradientCheckpointing: checkpointing,
      tokensPerSecond: Bench.median(speeds),
      shareOfGemm: Bench.median(shares), gemmRate: Bench.median(rates.map(\.wall)), peakMemory: ProcessMemory.now.peak,
      weightBytes: model.weightBytes)
  }

  /// The rows of a step, of random tokens.
  private func batch(_ step: Int) -> [TrainingSequence] {
    var random = SeededGenerator(seed: seed, stream: step)
    return (0..<Self.sequences).map { place in
      let row = rows[(step * Self.sequences + place) % rows.count]
      let tokens = (0..<row.length).map { _ in Int(random.next() % UInt64(model.configuration.vocabularySize)) }
      return TrainingSequence(tokens: tokens, answer: row.length - row.answer..<row.length)
    }
  }
}

extension BenchFinetune.Report {
  func print() {
    let gibibyte = Double(1 << 30)
    Output.line(
      "LoRA steps of \(sequences) rows, \(tokens) tokens, \(predicted) predicted, gradient checkpointing "
        + (gradientCheckpointing ? "on" : "off"))
    Output.line(
      String(
        format: "%.0f tokens/s, %.0f %% of the GEMM rate of %.0f GFLOP/s", tokensPerSecond, 100 * shareOfGemm, gemmRate)
    )
    let peak = peakMemory.map { String(format: "%.2f GiB", Double($0) / gibibyte) } ?? "not known"
    Output.line("peak memory \(peak), of which weights " + String(format: "%.2f GiB", Double(weightBytes) / gibibyte))
  }
}
