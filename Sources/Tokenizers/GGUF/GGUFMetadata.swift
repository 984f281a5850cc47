import Foundations

/// A value of a GGUF file's metadata. Numbers are widened: the format has ten types of them.
package enum GGUFValue: Sendable, Equatable {
  case integer(Int64)
  case real(Double)
  case truth(Bool)
  case text(String)
  case integers([Int64])
  case reals([Double])
  case truths([Bool])
  /// As bytes, because a token need not be UTF-8.
  case texts([UTF8Text])
  /// Arrays of arrays, which no key that is read has.
  case nested

  /// As a sentence says it; nil for arrays.
  package var described: String? {
    switch self {
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .truth(let truth): "\(truth)"
    case .text(let text): text
    default: nil
    }
  }
}

/// The metadata of a GGUF file, by key: `llama.block_count`, `tokenizer.ggml.tokens`.
package struct GGUFMetadata: Sendable {
  package private(set) var values: [String: GGUFValue] = [:]

  package init() {}

  /// False where the key is there already.
  mutating func insert(_ value: GGUFValue, for key: String) -> Bool {
    values.updateValue(value, forKey: key) == nil
  }

  package subscript(key: String) -> GGUFValue? { values[key] }

  package func text(_ key: String) -> String? {
    if case .text(let text)? = values[key] { text } else { nil }
  }

  package func integer(_ key: String) -> Int? {
    if case .integer(let number)? = values[key] { Int(exactly: number) } else { nil }
  }

  /// A real number, also where the file has it as an integer.
  package func real(_ key: String) -> Double? {
    switch values[key] {
    case .real(let number)?: number
    case .integer(let number)?: Double(number)
    default: nil
    }
  }

  package func truth(_ key: String) -> Bool? {
    if case .truth(let truth)? = values[key] { truth } else { nil }
  }

  package func texts(_ key: String) -> [UTF8Text]? {
    if case .texts(let texts)? = values[key] { texts } else { nil }
  }

  package func integers(_ key: String) -> [Int]? {
    if case .integers(let numbers)? = values[key] { numbers.map(Int.init) } else { nil }
  }

  package func reals(_ key: String) -> [Double]? {
    if case .reals(let numbers)? = values[key] { numbers } else { nil }
  }

  package func truths(_ key: String) -> [Bool]? {
    if case .truths(let truths)? = values[key] { truths } else { nil }
  }
}

extension GGUFCursor {
  /// No list of a real file is longer: a vocabulary has some 300,000 tokens.
  private static let longestArray = 1 << 24
  private static let deepestArray = 4

  /// A value with its type in front.
  mutating func value() throws(TelltaleError) -> GGUFValue {
    let type: UInt32 = try integer()
    return try value(of: type, depth: 0)
  }

  private mutating func value(of type: UInt32, depth: Int) throws(TelltaleError) -> GGUFValue {
    switch type {
    case 0, 1, 2, 3, 4, 5, 10, 11: return .integer(try wideInteger(of: type))
    case 6, 12: return .real(try wideReal(of: type))
    case 7: return .truth(try integer(UInt8.self) != 0)
    case 8: return .text(try text())
    case 9: return try array(depth: depth)
    default: throw failure("holds a value of the unknown type \(type)")
    }
  }

  private mutating func wideInteger(of type: UInt32) throws(TelltaleError) -> Int64 {
    switch type {
    case 0: Int64(try integer(UInt8.self))
    case 1: Int64(try integer(Int8.self))
    case 2: Int64(try integer(UInt16.self))
    case 3: Int64(try integer(Int16.self))
    case 4: Int64(try integer(UInt32.self))
    case 5: Int64(try integer(Int32.self))
    case 10: Int64(clamping: try integer(UInt64.self))
    default: try integer(Int64.self)
    }
  }

  private mutating func wideReal(of type: UInt32) throws(TelltaleError) -> Double {
    type == 6 ? Double(Float(bitPattern: try integer())) : Double(bitPattern: try integer())
  }

  private static func size(of type: UInt32) -> Int {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 10, 11, 12: 8
    case 8: 8  // the length of an empty text
    case 9: 12
    default: 4
    }
  }

  private mutating func array(depth: Int) throws(TelltaleError) -> GGUFValue {
    guard depth < Self.deepestArray else { throw failure("holds lists nested too deeply") }
    let type: UInt32 = try integer()
    let count = try count(of: "members of a list", unit: Self.size(of: type))
    guard count <= Self.longestArray else { throw failure("holds a list of \(count) members, longer than any is") }
    switch type {
    case 0, 1, 2, 3, 4, 5, 10, 11:
      return .integers(try list(count) { cursor throws(TelltaleError) in try cursor.wideInteger(of: type) })
    case 6, 12: return .reals(try list(count) { cursor throws(TelltaleError) in try cursor.wideReal(of: type) })
    case 7: return .truths(try list(count) { cursor throws(TelltaleError) in try cursor.integer(UInt8.self) != 0 })
    case 8:
      return .texts(try list(count) { cursor throws(TelltaleError) in UTF8Text(bytes: Array(try cursor.rawText())) })
    case 9:
      for _ in 0..<count { _ = try array(depth: depth + 1) }
      return .nested
    default: throw failure("holds a list of the unknown type \(type)")
    }
  }

  private mutating func list<Member>(
    _ count: Int, _ read: (inout GGUFCursor) throws(TelltaleError) -> Member
  ) throws(TelltaleError) -> [Member] {
    var members: [Member] = []
    members.reserveCapacity(count)
    for _ in 0..<count { members.append(try read(&self)) }
    return members
  }
}
