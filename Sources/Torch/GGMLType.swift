internal import CTorch
import Foundations

/// An element type of the GGML library (GGUF files): floats, or blocks of numbers that share a scale.
///
/// The raw value is the library's number of the type. Of others the name alone is known, for messages.
package enum GGMLType: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q40 = 2
  case q41 = 3
  case q50 = 6
  case q51 = 7
  case q80 = 8
  case q2K = 10
  case q3K = 11
  case q4K = 12
  case q5K = 13
  case q6K = 14
  case bf16 = 30

  /// Bytes of a block.
  package var blockBytes: Int { Int(ct_ggml_block_bytes(Int32(rawValue))) }

  /// Numbers in a block; rows are whole blocks.
  package var blockValues: Int { Int(ct_ggml_block_values(Int32(rawValue))) }

  /// The name in the library, as `Q4_K`.
  package var name: String { Self.names[rawValue] ?? "type \(rawValue)" }

  /// The dtype where each number stands by itself, nil for blocks.
  package var dtype: DType? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    default: nil
    }
  }

  /// Names of the library's types, also those that are not read.
  package static let names: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]
}

extension Tensor {
  /// The numbers of GGML blocks, equal bit by bit in float32 to those of the `gguf` package.
  ///
  /// - Parameters:
  ///   - bytes: whole rows of blocks; exactly as many as the shape needs.
  ///   - dtype: the floating-point type to give; rounded from float32.
  package init(
    dequantising bytes: UnsafeRawBufferPointer, _ type: GGMLType, shape: [Int], dtype: DType = .float32
  ) throws(TelltaleError) {
    guard let count = Tensor.elementCount(shape), count >= 0, count % type.blockValues == 0,
      count / type.blockValues * type.blockBytes == bytes.count
    else {
      throw TelltaleError(.invalidArgument, "\(bytes.count) bytes are not the \(type.name) blocks of shape \(shape)")
    }
    let wide = shape.wide
    self = try make {
      ct_dequantise_ggml(bytes.baseAddress, Int32(type.rawValue), wide, Int64(wide.count), dtype.code, $0)
    }
  }

  /// float32 `table[code]` for each code of a uint8 tensor [..., n]: [..., n] for 256 entries, [..., 2n] for 16, two codes
  /// in a byte.
  ///
  /// - Parameter lowFirst: whether the lower four bits of a byte are the first of its two codes.
  package func lookedUp(in table: [Float], lowFirst: Bool = true) throws(TelltaleError) -> Tensor {
    precondition(table.count == 16 || table.count == 256, "a table has an entry for each code")
    let codes = try contiguous()
    return try with(codes) { ct_look_up($0, table.count == 16 ? 4 : 8, lowFirst, table, $1) }
  }
}
