import Foundation

/// Writes GGUF files for tests, right ones and wrong ones: what is stated and what is there can differ.
package struct GGUFBuilder {
  package indirect enum Value {
    case uint32(UInt32)
    case int32(Int32)
    case uint64(UInt64)
    case float32(Float)
    case bool(Bool)
    case text(String)
    case texts([String])
    case int32s([Int32])
    case float32s([Float])
    /// A type number and its bytes, as they are.
    case raw(UInt32, [UInt8])
  }

  package struct TensorEntry {
    package var name: String
    /// As the file has them: innermost first.
    package var sizes: [UInt64]
    package var type: UInt32
    package var bytes: [UInt8]
    /// The offset to state instead of the right one.
    package var statedOffset: UInt64?

    package init(name: String, sizes: [UInt64], type: UInt32, bytes: [UInt8], statedOffset: UInt64? = nil) {
      (self.name, self.sizes, self.type, self.bytes) = (name, sizes, type, bytes)
      self.statedOffset = statedOffset
    }
  }

  package var version: UInt32 = 3
  package var magic = "GGUF"
  package var alignment = 32
  package var values: [(key: String, value: Value)] = []
  package var tensors: [TensorEntry] = []
  package var statedTensorCount: UInt64?
  package var statedValueCount: UInt64?

  package init() {}

  package mutating func add(_ key: String, _ value: Value) { values.append((key, value)) }

  /// A float32 tensor; `shape` is outermost first.
  package mutating func add(_ name: String, _ numbers: [Float], shape: [Int]) {
    let bytes = numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }
    tensors.append(TensorEntry(name: name, sizes: shape.reversed().map(UInt64.init), type: 0, bytes: bytes))
  }

  package mutating func add(_ name: String, type: UInt32, sizes: [UInt64], bytes: [UInt8], statedOffset: UInt64? = nil)
  {
    tensors.append(TensorEntry(name: name, sizes: sizes, type: type, bytes: bytes, statedOffset: statedOffset))
  }

  package func bytes() -> [UInt8] {
    var out = Array(magic.utf8)
    append(version, to: &out)
    append(statedTensorCount ?? UInt64(tensors.count), to: &out)
    append(statedValueCount ?? UInt64(values.count), to: &out)
    for (key, value) in values {
      append(key, to: &out)
      append(value, to: &out)
    }
    var offset = 0
    for tensor in tensors {
      append(tensor.name, to: &out)
      append(UInt32(tensor.sizes.count), to: &out)
      for size in tensor.sizes { append(size, to: &out) }
      append(tensor.type, to: &out)
      append(tensor.statedOffset ?? UInt64(offset), to: &out)
      offset = aligned(offset + tensor.bytes.count)
    }
    out += [UInt8](repeating: 0, count: aligned(out.count) - out.count)
    for tensor in tensors {
      out += tensor.bytes
      out += [UInt8](repeating: 0, count: aligned(tensor.bytes.count) - tensor.bytes.count)
    }
    return out
  }

  @discardableResult
  package func write(to url: URL) throws -> URL {
    try Data(bytes()).write(to: url)
    return url
  }

  private func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

  private func append(_ number: some FixedWidthInteger, to out: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { out += $0 }
  }

  private func append(_ text: String, to out: inout [UInt8]) {
    append(UInt64(text.utf8.count), to: &out)
    out += text.utf8
  }

  private func append(_ value: Value, to out: inout [UInt8]) {
    switch value {
    case .uint32(let number): append(UInt32(4), number, to: &out)
    case .int32(let number): append(UInt32(5), number, to: &out)
    case .float32(let number): append(UInt32(6), number.bitPattern, to: &out)
    case .bool(let truth): append(UInt32(7), UInt8(truth ? 1 : 0), to: &out)
    case .text(let text):
      append(UInt32(8), to: &out)
      append(text, to: &out)
    case .uint64(let number): append(UInt32(10), number, to: &out)
    case .texts(let texts): appendList(8, texts.count, to: &out) { for text in texts { append(text, to: &$0) } }
    case .int32s(let numbers):
      appendList(5, numbers.count, to: &out) { for number in numbers { append(number, to: &$0) } }
    case .float32s(let numbers):
      appendList(6, numbers.count, to: &out) { for number in numbers { append(number.bitPattern, to: &$0) } }
    case .raw(let type, let bytes):
      append(type, to: &out)
      out += bytes
    }
  }

  private func append(_ type: UInt32, _ number: some FixedWidthInteger, to out: inout [UInt8]) {
    append(type, to: &out)
    append(number, to: &out)
  }

  private func appendList(_ type: UInt32, _ count: Int, to out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
    append(UInt32(9), to: &out)
    append(type, to: &out)
    append(UInt64(count), to: &out)
    body(&out)
  }
}
