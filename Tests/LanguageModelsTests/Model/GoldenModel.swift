import Foundation
import Torch

@testable import LanguageModels

/// A tiny model with reference outputs from transformers: those under Tests/Fixtures always, the whole set beside the
/// checkout where it is there.
struct GoldenModel: Sendable, CustomStringConvertible {
  let directory: URL

  var description: String { directory.lastPathComponent }

  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Those whose files are in the repository.
  static let names = ["tiny-llama", "tiny-mistral", "tiny-llama3", "tiny-qwen2"]

  /// Further families, beside the repository.
  static let further = [
    "tiny-qwen3", "tiny-qwen3-moe", "tiny-gemma2", "tiny-gemma3", "tiny-olmo2", "tiny-phi3", "tiny-gpt-neox",
    "tiny-gpt2", "tiny-mixtral", "tiny-smollm3", "tiny-granite", "tiny-gpt-oss",
  ]

  static let all: [GoldenModel] =
    present(names, in: "Tests/Fixtures/models") + present(names + further, in: "../shared/models")

  /// One model of every family.
  static let ofEachFamily: [GoldenModel] =
    present(names, in: "Tests/Fixtures/models") + present(further, in: "../shared/models")

  private static func present(_ names: [String], in folder: String) -> [GoldenModel] {
    names.map { GoldenModel(directory: repository.appendingPathComponent(folder).appendingPathComponent($0)) }
      .filter { FileManager.default.fileExists(atPath: $0.directory.appendingPathComponent("golden.safetensors").path) }
  }

  // MARK: What the goldens' README allows

  var hasExperts: Bool { ["moe", "mixtral", "gpt-oss"].contains { description.contains($0) } }

  private var isFurther: Bool { Self.further.contains(description) }

  /// Largest difference of a float32 logit.
  var logitTolerance: Double { hasExperts ? 2e-3 : isFurther ? 1e-3 : 5e-4 }

  /// Largest difference of a float32 residual stream whose largest number is `magnitude`.
  func streamTolerance(_ magnitude: Double) -> Double { isFurther ? 2e-3 * Swift.max(1, magnitude / 30) : 1e-3 }

  func golden() throws -> SafetensorsFile {
    try SafetensorsFile(directory.appendingPathComponent("golden.safetensors"))
  }

  func prompts(_ golden: SafetensorsFile) throws -> [[Int]] {
    try (0..<6).filter { golden.contains("prompt.\($0).ids") }.map { try golden.tensor("prompt.\($0).ids").integers() }
  }

  /// The largest absolute difference of two tensors of one shape.
  static func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64) - b.converted(to: .float64)).absolute().max().scalar()
  }

  /// The mean over prompts of the root mean square difference of their logits, which lie one after the other: the measure of
  /// the goldens' README, for which single positions where a router's choice turns do not count for more than their prompt.
  static func meanOverPrompts(_ a: Tensor, _ b: Tensor, _ prompts: [[Int]]) throws -> Double {
    var (start, sum) = (0, 0.0)
    for prompt in prompts {
      let range = start..<start + prompt.count
      sum += try rootMeanSquare(a.narrowed(0, range), b.narrowed(0, range))
      start = range.upperBound
    }
    return sum / Double(prompts.count)
  }

  /// The largest magnitude.
  static func size(_ a: Tensor) throws -> Double { try a.absolute().max().scalar() }

  static func rootMeanSquare(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64) - b.converted(to: .float64)).power(2).mean().squareRoot().scalar()
  }
}
