import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

/// Fixtures/weights/blocks.safetensors: random blocks, and what the gguf package makes of them.
struct GGMLTypeTests {
  private let file: SafetensorsFile

  init() throws { file = try SafetensorsFile(Fixtures.file("weights/blocks.safetensors")) }

  @Test("Blocks give the gguf package's numbers bit by bit", arguments: GGMLType.allCases)
  func blocksGiveGguf(_ type: GGMLType) throws {
    let blocks = try file.tensor("\(type.name).blocks")
    let expected = try file.tensor("\(type.name).values")
    let values = try blocks.withBytes { try Tensor(dequantising: $0, type, shape: expected.shape) }
    #expect(values.dtype == .float32)
    #expect(try values.floats().map(\.bitPattern) == expected.floats().map(\.bitPattern))
  }

  @Test("In a narrower dtype the numbers are the float32 ones, rounded once", arguments: GGMLType.allCases)
  func narrowerDtypeNumbers(_ type: GGMLType) throws {
    let blocks = try file.tensor("\(type.name).blocks")
    let expected = try file.tensor("\(type.name).values")
    for dtype in [DType.bfloat16, .float16, .float64] {
      let values = try blocks.withBytes { try Tensor(dequantising: $0, type, shape: expected.shape, dtype: dtype) }
      #expect(try values.doubles() == expected.converted(to: dtype).doubles())
    }
  }

  @Test("Every type but the plain floats has blocks as the format says")
  func everyTypeBut() {
    let sizes = Dictionary(uniqueKeysWithValues: GGMLType.allCases.map { ($0.name, [$0.blockBytes, $0.blockValues]) })
    #expect(sizes["F32"] == [4, 1] && sizes["F16"] == [2, 1] && sizes["BF16"] == [2, 1])
    #expect(sizes["Q4_0"] == [18, 32] && sizes["Q4_1"] == [20, 32] && sizes["Q5_0"] == [22, 32])
    #expect(sizes["Q5_1"] == [24, 32] && sizes["Q8_0"] == [34, 32] && sizes["Q2_K"] == [84, 256])
    #expect(sizes["Q3_K"] == [110, 256] && sizes["Q4_K"] == [144, 256] && sizes["Q5_K"] == [176, 256])
    #expect(sizes["Q6_K"] == [210, 256])
  }

  @Test("Bytes that are not the blocks of a shape are refused")
  func bytesBlocksShape() throws {
    let blocks = try file.tensor("Q4_K.blocks")
    #expect(throws: TelltaleError.self) {
      try blocks.withBytes { try Tensor(dequantising: $0, .q4K, shape: [2, 512]) }
    }
    #expect(throws: TelltaleError.self) {
      try blocks.withBytes { try Tensor(dequantising: $0, .q4K, shape: [3, 100]) }
    }
  }

  @Test("Many blocks give the same numbers on several threads")
  func manyBlocksGive() throws {
    let blocks = try file.tensor("Q6_K.blocks")
    let expected = try file.tensor("Q6_K.values")
    let many = try Tensor.concatenated(Array(repeating: blocks, count: 200))
    let values = try many.withBytes { try Tensor(dequantising: $0, .q6K, shape: [400, 768]) }
    #expect(try values.floats() == Array(repeating: expected.floats(), count: 200).flatMap { $0 })
  }

  @Test("Codes become the numbers of a table, two a byte or one")
  func codesBecomeNumbers() throws {
    let codes = try Tensor([16, 255, 0x21], shape: [1, 3]).converted(to: .uint8)
    let sixteen = (0..<16).map { Float($0) * 0.5 }
    #expect(try codes.lookedUp(in: sixteen).floats() == [0, 0.5, 7.5, 7.5, 0.5, 1])
    #expect(try codes.lookedUp(in: sixteen, lowFirst: false).floats() == [0.5, 0, 7.5, 7.5, 1, 0.5])
    let all = (0..<256).map { Float($0) - 1 }
    #expect(try codes.lookedUp(in: all).floats() == [15, 254, 32])
    #expect(try codes.lookedUp(in: all).shape == [1, 3])
  }
}
