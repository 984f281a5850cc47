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

  static let names = ["tiny-llama", "tiny-mistral", "tiny-llama3", "tiny-qwen2"]

  static let all: [GoldenModel] = ["Tests/Fixtures/models", "../shared/models"].flatMap { folder in
    names.map { GoldenModel(directory: repository.appendingPathComponent(folder).appendingPathComponent($0)) }
      .filter { FileManager.default.fileExists(atPath: $0.directory.appendingPathComponent("golden.safetensors").path) }
  }

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

  static func rootMeanSquare(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64) - b.converted(to: .float64)).power(2).mean().squareRoot().scalar()
  }
}
