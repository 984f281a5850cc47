import Foundations
import Torch

/// Reads the pickles that `torch.save` makes of tensors, and nothing else.
///
/// A pickle is a program, and PyTorch's own reader for C++ does not bound what a hostile one does to its stack. Here
/// only the opcodes of protocol 2 that tensors, lists and dictionaries of them need are known, and only the names in
/// `Global` may be mentioned: they stand for fixed actions of this file, so nothing is ever looked up or run. Containers
/// live in one table and refer to each other by number, so that no nesting can exhaust the stack.
struct TensorUnpickler {
  enum Value: Equatable {
    case none
    case truth(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case global(Global)
    /// Numbers of `containers`.
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case storage(Storage)
    case tensor(PickledTensor)
  }

  enum Global: String, CaseIterable {
    case rebuildTensor = "torch._utils _rebuild_tensor_v2"
    case rebuildParameter = "torch._utils _rebuild_parameter"
    case orderedDictionary = "collections OrderedDict"
    case floatStorage = "torch FloatStorage"
    case doubleStorage = "torch DoubleStorage"
    case halfStorage = "torch HalfStorage"
    case bfloat16Storage = "torch BFloat16Storage"

    var number: ForeignNumber? {
      switch self {
      case .floatStorage: .float32
      case .doubleStorage: .float64
      case .halfStorage: .float16
      case .bfloat16Storage: .bfloat16
      case .rebuildTensor, .rebuildParameter, .orderedDictionary: nil
      }
    }
  }

  struct Storage: Equatable {
    var key: String
    var number: ForeignNumber
    var count: Int
  }

  /// Where a tensor's numbers lie in its storage.
  struct PickledTensor: Equatable {
    var storage: Storage
    var offset: Int
    var shape: [Int]
    var strides: [Int]
  }

  /// Of a list or tuple the items; of a dictionary keys and values in turn.
  private(set) var containers: [[Value]] = []
  private var reader: ByteReader
  private var stack: [Value] = []
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]

  /// Bytes of the longest pickle read: the numbers themselves are not in it.
  static let largest = 4 << 20

  init(_ bytes: ArraySlice<UInt8>, file: String) throws(TelltaleError) {
    reader = ByteReader(bytes, file: file)
    guard bytes.count <= Self.largest else { throw reader.error("has a pickle too long for a file of tensors") }
  }

  /// The one value that the pickle makes; its containers are in `containers`.
  mutating func load() throws(TelltaleError) -> Value {
    while true {
      let opcode = try reader.byte()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try run(opcode)
    }
  }

  // MARK: Opcodes

  private mutating func run(_ opcode: UInt8) throws(TelltaleError) {
    switch opcode {
    case 0x80: try readProtocol()
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88, 0x89: stack.append(.truth(opcode == 0x88))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(Int32.self))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.byte())))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(UInt16.self))))
    case 0x8A: stack.append(.integer(try longInteger()))
    case UInt8(ascii: "G"): stack.append(.real(try real()))
    case UInt8(ascii: "X"): stack.append(.text(try text()))
    case UInt8(ascii: "c"): stack.append(.global(try global()))
    case UInt8(ascii: "q"): try remember(Int(try reader.byte()))
    case UInt8(ascii: "r"): try remember(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "h"): stack.append(try recall(Int(try reader.byte())))
    case UInt8(ascii: "j"): stack.append(try recall(Int(try reader.integer(UInt32.self))))
    default: try build(opcode)
    }
  }

  private mutating func build(_ opcode: UInt8) throws(TelltaleError) {
    switch opcode {
    case UInt8(ascii: ")"): push([], Value.tuple)
    case UInt8(ascii: "]"): push([], Value.list)
    case UInt8(ascii: "}"): push([], Value.dictionary)
    case 0x85, 0x86, 0x87: push(try pop(Int(opcode) - 0x84), Value.tuple)
    case UInt8(ascii: "t"): push(try popToMark(), Value.tuple)
    case UInt8(ascii: "a"): try extendList(try pop(1))
    case UInt8(ascii: "e"): try extendList(try popToMark())
    case UInt8(ascii: "s"): try extendDictionary(try pop(2))
    case UInt8(ascii: "u"): try extendDictionary(try popToMark())
    case UInt8(ascii: "Q"): stack.append(.storage(try storage()))
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try ignoreState()
    default:
      throw reader.error(
        "holds a pickle with the instruction \(opcode), which torch.save never writes for tensors; it is refused and "
          + "nothing of it was run")
    }
  }

  private mutating func readProtocol() throws(TelltaleError) {
    let version = try reader.byte()
    guard version <= 2 else {
      throw reader.error("holds a pickle of protocol \(version); save the tensors with torch.save's own protocol, 2")
    }
  }

  private mutating func longInteger() throws(TelltaleError) -> Int {
    let raw = try reader.take(Int(try reader.byte()))
    guard raw.count <= 8 else { throw reader.error("holds a pickle with a number beyond 64 bits; it is damaged") }
    let negative = raw.last.map { $0 >= 0x80 } ?? false
    return raw.reversed().reduce(negative ? -1 : 0) { $0 << 8 | Int($1) }
  }

  private mutating func real() throws(TelltaleError) -> Double {
    Double(bitPattern: try reader.take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private mutating func text() throws(TelltaleError) -> String {
    String(decoding: try reader.take(Int(try reader.integer(UInt32.self))), as: UTF8.self)
  }

  private mutating func line() throws(TelltaleError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try reader.byte()
      if byte == .newline { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }

  private mutating func global() throws(TelltaleError) -> Global {
    let module = try line()
    let name = try line()
    guard let known = Global(rawValue: "\(module) \(name)") else {
      throw reader.error(
        "holds a pickle that names \(SafeText.quoted("\(module).\(name)")), which no file of float tensors needs; it is refused "
          + "and nothing of it was run")
    }
    return known
  }

  // MARK: Stack and memo

  private mutating func pop() throws(TelltaleError) -> Value {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else { throw damaged }
    return value
  }

  private mutating func pop(_ count: Int) throws(TelltaleError) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else { throw damaged }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(TelltaleError) -> [Value] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw damaged }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func push(_ items: [Value], _ kind: (Int) -> Value) {
    containers.append(items)
    stack.append(kind(containers.count - 1))
  }

  private mutating func remember(_ place: Int) throws(TelltaleError) {
    guard let value = stack.last else { throw damaged }
    memo[place] = value
  }

  private func recall(_ place: Int) throws(TelltaleError) -> Value {
    guard let value = memo[place] else { throw damaged }
    return value
  }

  private mutating func extendList(_ items: [Value]) throws(TelltaleError) {
    guard case .list(let list)? = stack.last else { throw damaged }
    containers[list] += items
  }

  private mutating func extendDictionary(_ items: [Value]) throws(TelltaleError) {
    guard case .dictionary(let dictionary)? = stack.last, items.count % 2 == 0 else { throw damaged }
    containers[dictionary] += items
  }

  private var damaged: TelltaleError { reader.error("holds a pickle that makes no sense; it is damaged") }

  // MARK: Tensors

  /// A persistent id: ("storage", type, key, device, number of elements).
  private mutating func storage() throws(TelltaleError) -> Storage {
    guard case .tuple(let index) = try pop() else { throw damaged }
    let parts = containers[index]
    guard parts.count == 5, parts[0] == .text("storage"), case .global(let global) = parts[1],
      let number = global.number, case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw damaged }
    return Storage(key: key, number: number, count: count)
  }

  private mutating func reduce() throws(TelltaleError) {
    guard case .tuple(let index) = try pop(), case .global(let global) = try pop() else { throw damaged }
    let arguments = containers[index]
    switch global {
    case .rebuildTensor: stack.append(.tensor(try tensor(arguments)))
    case .rebuildParameter:
      guard case .tensor(let tensor)? = arguments.first else { throw damaged }
      stack.append(.tensor(tensor))
    case .orderedDictionary:
      guard arguments.isEmpty else { throw damaged }
      push([], Value.dictionary)
    default: throw damaged
    }
  }

  /// Arguments: storage, offset, sizes, strides, and what gradients need, which is left alone.
  private func tensor(_ arguments: [Value]) throws(TelltaleError) -> PickledTensor {
    guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
      let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count,
      shape.count <= 4
    else { throw damaged }
    return PickledTensor(storage: storage, offset: offset, shape: shape, strides: strides)
  }

  private func integers(_ value: Value) -> [Int]? {
    guard case .tuple(let index) = value else { return nil }
    var numbers: [Int] = []
    for case .integer(let number) in containers[index] { numbers.append(number) }
    return numbers.count == containers[index].count ? numbers : nil
  }

  /// Attributes that were set on a dictionary, as state dictionaries have: of no use here.
  private mutating func ignoreState() throws(TelltaleError) {
    _ = try pop()
    guard case .dictionary? = stack.last else { throw damaged }
  }
}
