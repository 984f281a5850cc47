import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

/// Fixtures/weights/packed.safetensors: a matrix in each format, and what its reference implementation makes of it.
struct PackedFormatTests {
  private static let file = Fixtures.file("weights/packed.safetensors")
  private let stored: SafetensorsSource

  init() throws { stored = try SafetensorsSource([Self.file]) }

  private static func format(_ json: String) throws -> any PackedFormat {
    let settings = try JSONParser.parse(Array(json.utf8))
    return try PackedFormats.format(QuantisationSettings(settings, file: "config.json"))
  }

  private static let methods: [(layer: String, name: String, settings: String)] = [
    ("mxfp4", "x", #"{"quant_method": "mxfp4"}"#),
    ("nf4", "x.weight", #"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#),
    ("nf4-nested", "x.weight", #"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#),
    ("fp4", "x.weight", #"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#),
    ("int8", "x.weight", #"{"quant_method": "bitsandbytes", "load_in_8bit": true}"#),
    ("awq", "x.weight", #"{"quant_method": "awq", "bits": 4, "version": "gemm"}"#),
    ("gptq", "x.weight", #"{"quant_method": "gptq", "bits": 4}"#),
    ("gptq-act-order", "x.weight", #"{"quant_method": "gptq", "bits": 4, "desc_act": true}"#),
    ("compressed", "x.weight", #"{"quant_method": "compressed-tensors", "format": "pack-quantized"}"#),
    ("compressed-zero", "x.weight", #"{"quant_method": "compressed-tensors", "format": "pack-quantized"}"#),
    ("codes", "x.weight", #"{"quant_method": "fp8", "weight_block_size": [128, 128]}"#),
  ]

  @Test("A packed matrix gives the numbers of its reference bit by bit", arguments: methods.indices)
  func packedMatrixGives(_ index: Int) throws {
    let (layer, name, settings) = Self.methods[index]
    let source = QuantisedSource(stored, try Self.format(settings))
    let expected = try stored.tensor("\(layer).expected")
    let published = "\(layer).\(name)"
    #expect(source.contains(published) && source.names.contains(published))
    #expect(try source.shape(of: published) == expected.shape && source.dtype(of: published) == .float32)
    #expect(try source.tensor(published).floats().map(\.bitPattern) == expected.floats().map(\.bitPattern))
    let slice = try source.tensor(published, at: 1)
    #expect(try slice.floats() == expected[1].floats())
  }

  @Test("Blocks of 128 x 128 have a scale each, also where they are cut off by the edge")
  func blocks128X() throws {
    let source = QuantisedSource(stored, try Self.format(#"{"quant_method": "fp8", "weight_block_size": [128, 128]}"#))
    let rows = try source.tensor("fp8.x.weight").selected(0, [0, 1, 127, 128, 129])
    #expect(try rows.floats() == stored.tensor("fp8.expected").floats())
    #expect(try source.shape(of: "fp8.x.weight") == [130, 200])
  }

  @Test("What a matrix is packed in is not offered, and what is not packed is given as it is")
  func whatMatrixPacked() throws {
    let source = QuantisedSource(stored, try Self.format(#"{"quant_method": "gptq", "bits": 4}"#))
    #expect(!source.contains("gptq.x.qweight") && !source.contains("gptq.x.g_idx"))
    #expect(try source.tensor("gptq.expected").floats() == stored.tensor("gptq.expected").floats())
    #expect(source.file(of: "gptq.x.weight") == Self.file.path)
  }

  @Test("Every code of float8 e4m3 is the number that the format says")
  func everyCodeFloat8() {
    #expect(FP8Blocks.numbers[0x7E] == 448 && FP8Blocks.numbers[0xFE] == -448 && FP8Blocks.numbers[1] == 0x1p-9)
    #expect(FP8Blocks.numbers[0x38] == 1 && FP8Blocks.numbers[0x80] == 0 && FP8Blocks.numbers[0x80].sign == .minus)
    #expect(FP8Blocks.numbers[0x7F].isNaN && FP8Blocks.numbers[0xFF].isNaN)
  }

  // MARK: What does not fit

  private func refusal(_ settings: String) -> String {
    do { _ = try Self.format(settings) } catch { return "\(error)" }
    return "read"
  }

  @Test("A method that is not known is refused by name, with those that are")
  func methodKnownRefused() {
    let message = refusal(#"{"quant_method": "hqq"}"#)
    #expect(message.contains("\"hqq\"") && message.contains("mxfp4") && message.contains("gptq"))
    #expect(refusal("{}").contains("names no method"))
    #expect(refusal(#"{"quant_method": "awq", "bits": 3}"#).contains("is 3"))
    #expect(refusal(#"{"quant_method": "awq", "version": "gemv"}"#).contains("\"gemv\""))
    #expect(refusal(#"{"quant_method": "gptq", "bits": 8}"#).contains("is 8"))
    #expect(refusal(#"{"quant_method": "gptq", "checkpoint_format": "marlin"}"#).contains("\"marlin\""))
    #expect(refusal(#"{"quant_method": "fp8"}"#).contains("weight_block_size"))
    #expect(
      refusal(#"{"quant_method": "compressed-tensors", "format": "float-quantized"}"#).contains("float-quantized"))
    let eight =
      #"{"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"g": {"weights": {"num_bits": 8}}}}"#
    #expect(refusal(eight).contains("not int4"))
  }

  /// The tensors of one layer, some replaced.
  private func changed(_ layer: String, _ changes: [String: Tensor?]) throws -> SafetensorsSource {
    let url = FileManager.default.temporaryDirectory.appending(path: "packed-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    var tensors: [String: Tensor] = [:]
    for name in stored.names where name.hasPrefix("\(layer).x") {
      tensors[name] = try stored.tensor(name)
    }
    for (part, tensor) in changes { tensors["\(layer).\(part)"] = tensor }
    try SafetensorsFile.write(tensors, to: url)
    return try SafetensorsSource([url])
  }

  private func refusal(
    _ layer: String, _ name: String, _ settings: String, _ changes: [String: Tensor?]
  ) throws -> String {
    let source = QuantisedSource(try changed(layer, changes), try Self.format(settings))
    let error = #expect(throws: TelltaleError.self) { try source.tensor("\(layer).\(name)") }
    #expect(error?.code == .badInput && error?.location?.item?.hasPrefix("\(layer).x") == true)
    return error?.message ?? ""
  }

  @Test("Scales that are cut off, missing or of other experts are refused with their name")
  func scalesCutOff() throws {
    let gptq = #"{"quant_method": "gptq", "bits": 4}"#
    #expect(
      try refusal("gptq", "x.weight", gptq, ["x.scales": Tensor.ones([3, 24])]).contains("3 groups for 64 inputs"))
    #expect(
      try refusal("gptq", "x.weight", gptq, ["x.scales": Tensor.ones([4, 23])]).contains("[4, 23] where [4, 24]"))
    #expect(try refusal("gptq", "x.weight", gptq, ["x.scales": nil]).contains("is missing"))
    #expect(try refusal("gptq", "x.weight", gptq, ["x.qzeros": nil]).contains("is missing"))
    let far = try Tensor([Int](repeating: 9, count: 64)).converted(to: .int32)
    #expect(try refusal("gptq", "x.weight", gptq, ["x.g_idx": far]).contains("outside of the 4"))
    let mxfp4 = #"{"quant_method": "mxfp4"}"#
    let scales = try Tensor.ones([2, 10, 2], dtype: .uint8)
    #expect(try refusal("mxfp4", "x", mxfp4, ["x_scales": scales]).contains("[2, 10, 2] where [3, 10, 2]"))
    let nf4 = #"{"quant_method": "bitsandbytes"}"#
    #expect(try refusal("nf4", "x.weight", nf4, ["x.weight.absmax": Tensor.ones([47])]).contains("[47] where [48]"))
    let awq = #"{"quant_method": "awq", "bits": 4}"#
    let zeros = try Tensor.zeros([1, 3], dtype: .int32)
    #expect(try refusal("awq", "x.weight", awq, ["x.qzeros": zeros]).contains("[1, 3] where [2, 3]"))
    let compressed = #"{"quant_method": "compressed-tensors", "format": "pack-quantized"}"#
    let wrong = try Tensor([24, 640])
    #expect(try refusal("compressed", "x.weight", compressed, ["x.weight_shape": wrong]).contains("[24, 640]"))
  }
}
