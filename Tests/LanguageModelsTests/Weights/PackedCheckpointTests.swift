import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// A whole checkpoint whose projections are packed as bitsandbytes' int8.
struct PackedCheckpointTests {
  private let folder: ScratchFolder
  private let original = Fixtures.file("models/tiny-llama")

  init() throws {
    folder = try ScratchFolder()
    let source = try SafetensorsSource(Checkpoint.files(original))
    var tensors: [String: Tensor] = [:]
    for name in source.names {
      let tensor = try source.tensor(name)
      guard name.hasSuffix("_proj.weight") else {
        tensors[name] = tensor
        continue
      }
      let (packed, scale) = try Self.packed(tensor.converted(to: .float32))
      tensors[name] = packed
      tensors[name.dropLast("weight".count) + "SCB"] = scale
    }
    try SafetensorsFile.write(tensors, to: folder.url.appending(path: "model.safetensors"))
    let text = try String(contentsOf: original.appending(path: "config.json"), encoding: .utf8)
    let end = try #require(text.lastIndex(of: "}"))
    let settings = #", "quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": true}}"#
    try folder.write(text[..<end] + settings, to: "config.json")
  }

  /// Whole numbers up to 127 in magnitude, and each row's largest magnitude.
  private static func packed(_ weight: Tensor) throws -> (Tensor, Tensor) {
    let width = weight.size(1)
    let numbers = try weight.floats()
    var (codes, largest) = ([Int](), [Float]())
    for start in stride(from: 0, to: numbers.count, by: width) {
      let row = numbers[start..<start + width]
      let most = row.map(abs).max() ?? 0
      largest.append(most)
      codes += row.map { Int(($0 / most * 127).rounded()) }
    }
    return (try Tensor(codes, shape: weight.shape).converted(to: .int8), try Tensor(largest))
  }

  @Test("A packed checkpoint is a model that says how it was packed")
  func packedCheckpointModel() throws {
    let plain = try LanguageModel.load(original, dtype: .float32)
    let packed = try LanguageModel.load(folder.url, dtype: .float32)
    #expect(packed.arithmetic == "float32, weights from bitsandbytes int8" && plain.arithmetic == "float32")
    #expect(packed.configuration == plain.configuration && packed.parameterCount == plain.parameterCount)
    for (name, weight) in plain.weights {
      let distance = try GoldenModel.distance(weight, #require(packed.weights[name]))
      let step = try weight.absolute().max().scalar() / 127
      #expect(name.hasSuffix("_proj.weight") ? distance > 0 && distance <= 0.51 * step : distance == 0, "\(name)")
    }
  }

  @Test("Its dtype is that of its embedding, and int8 weights can be made of it")
  func dtypeEmbeddingInt8() throws {
    let packed = try LanguageModel.load(folder.url)
    #expect(packed.dtype == .float16)
    let rounded = try LanguageModel.load(folder.url, weights: .int8)
    #expect(rounded.hasInt8Weights && rounded.arithmetic == "float16, weights from bitsandbytes int8, int8 weights")
  }

  @Test("No ablated checkpoint is written of packed weights")
  func ablatedCheckpointWritten() throws {
    let width = try Checkpoint(directory: folder.url).configuration.hiddenSize
    let error = #expect(throws: TelltaleError.self) {
      try AblatedCheckpoint(folder.url, direction: [Float](repeating: 1, count: width))
    }
    #expect(error?.message.contains("bitsandbytes int8") == true && error?.isBadInput == true)
  }
}
