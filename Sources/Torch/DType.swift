internal import CTorch

/// The element type of a tensor.
public enum DType: String, Sendable, CaseIterable, Codable {
  case float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }

  /// The name in a safetensors header, e.g. "BF16".
  public var safetensorsName: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// nil for the types of the format that Telltale has no arithmetic for (the 8-bit floats, unsigned integers).
  public init?(safetensorsName name: String) {
    guard let match = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = match
  }

  var code: ct_dtype {
    switch self {
    case .float32: CT_FLOAT32
    case .float64: CT_FLOAT64
    case .float16: CT_FLOAT16
    case .bfloat16: CT_BFLOAT16
    case .int64: CT_INT64
    case .int32: CT_INT32
    case .int16: CT_INT16
    case .int8: CT_INT8
    case .uint8: CT_UINT8
    case .bool: CT_BOOL
    }
  }

  init(code: ct_dtype) {
    self = Self.allCases.first { $0.code == code } ?? .int64
  }
}

/// Where a tensor lives.
public enum Device: Sendable, Equatable, CustomStringConvertible {
  case cpu
  case cuda(Int)

  /// Reads "cpu", "cuda" or "cuda:1"; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "cpu": self = .cpu
    case "cuda": self = .cuda(0)
    default:
      guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), (0..<1024).contains(index) else { return nil }
      self = .cuda(index)
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  var code: ct_device {
    switch self {
    case .cpu: -1
    case .cuda(let index): index < 0 ? .max : ct_device(clamping: index)  // one that does not exist is refused there
    }
  }

  init(code: ct_device) { self = code < 0 ? .cpu : .cuda(Int(code)) }
}
