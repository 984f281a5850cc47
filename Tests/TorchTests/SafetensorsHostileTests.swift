import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

@Suite("Safetensors files that lie")
struct SafetensorsHostileTests {
  /// Opens the file and reads every tensor, as a caller would.
  static func readAll(_ url: URL) throws {
    let file = try SafetensorsFile(url)
    for name in file.names { _ = try file.tensor(name).converted(to: .float32).floats() }
  }

  /// Expects a sentence that names the file.
  static func expectRefused(
    _ header: String, data: [UInt8] = [], length: UInt64? = nil, _ part: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withTemporaryFolder { folder in
      let url = try rawFile(header, data: data, length: length, in: folder)
      let text = expectError(.badInput, containing: "raw.safetensors", sourceLocation: sourceLocation) {
        try readAll(url)
      }
      if let part { #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation) }
    }
  }

  static func entry(_ shape: String, _ offsets: String, dtype: String = "F32") -> String {
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test("A header length of zero, beyond the file, beyond the format or beyond an integer is refused")
  func headerLengths() throws {
    for length in [0, 3, 100, 99_999_999, 100_000_001, 1 << 62, 1 << 63, UInt64.max, UInt64.max - 7] {
      try Self.expectRefused("{}", length: length)
    }
  }

  @Test("A path that is no file of tensors is refused")
  func notAFile() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("empty.safetensors")
      expectError(.badInput, containing: "No such file") { try SafetensorsFile(url) }
      try Data().write(to: url)
      expectError(.badInput, containing: "empty.safetensors") { try SafetensorsFile(url) }
      expectError(.badInput) { try SafetensorsFile(folder) }
      let pipe = folder.appendingPathComponent("pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      expectError(.badInput) { try SafetensorsFile(pipe) }  // and does not wait for a writer
      expectError(.badInput) { try SafetensorsFile(URL(fileURLWithPath: "/dev/zero")) }
    }
  }

  @Test(
    "A header that is not the JSON of the format is refused",
    arguments: [
      "", " ", "null", "[]", "42", "\"x\"", "{", "}", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{\"a\":null}",
      "{\"a\":{}}",
      "{} {}", "{}x", " {}", "\u{FEFF}{}", "{\"__metadata__\":1}", "{\"__metadata__\":{\"a\":1}}", "{'a':1}",
      "{\"a\":NaN}",
      "{\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,0]}}", "{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[0,0]}}",
      "{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
    ])
  func notJSON(_ header: String) throws { try Self.expectRefused(header) }

  @Test("Bytes that are not UTF-8, and other encodings of JSON, are refused")
  func encodings() throws {
    try withTemporaryFolder { folder in
      let good = #"{"a":\#(Self.entry("[0]", "[0,0]"))}"#
      var invalid = Data(good.utf8)
      invalid[2] = 0xFF
      var headers = [invalid]
      for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16, .utf32LittleEndian] {
        headers.append(try #require(good.data(using: encoding)))
      }
      for header in headers {
        let url = try rawFile(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header, in: folder)
        expectError(.badInput, containing: "raw.safetensors") { try Self.readAll(url) }
      }
    }
  }

  @Test("JSON nested a hundred thousand times is refused without a stack overflow")
  func nesting() throws {
    let depth = 100_000
    try Self.expectRefused(String(repeating: "{\"a\":", count: depth))
    try Self.expectRefused(
      "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}")
    try Self.expectRefused(
      String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth))
  }

  @Test("A name that comes twice is refused, also where both say the same or spell one letter differently")
  func duplicates() throws {
    let one = Self.entry("[1]", "[0,4]")
    try Self.expectRefused(#"{"a":\#(one),"a":\#(one)}"#, data: [0, 0, 0, 0], "twice")
    try Self.expectRefused(
      #"{"a":\#(one),"a":\#(Self.entry("[1]", "[4,8]"))}"#, data: Array(repeating: 0, count: 8), "twice")
    try Self.expectRefused(#"{"a":\#(one),"\u0061":\#(one)}"#, data: [0, 0, 0, 0], "twice")
    try Self.expectRefused(#"{"__metadata__":{},"__metadata__":{}}"#, "twice")
  }

  @Test("Strings full of JSON's own characters do not confuse the count of names")
  func namesLikeJSON() throws {
    try withTemporaryFolder { folder in
      let names = [#"a\":{}"#, #"b\\"#, #"[[\"::"#]
      let entries = names.map { "\"\($0)\":\(Self.entry("[0]", "[0,0]"))" }
      let url = try rawFile("{\"__metadata__\":{\"{:\":\":}\"}," + entries.joined(separator: ",") + "}", in: folder)
      #expect(try SafetensorsFile(url).names.count == 3)
    }
  }

  @Test("Overlaps, gaps and bytes left over are refused")
  func coverage() throws {
    let zeros = [UInt8](repeating: 0, count: 8)
    let low = Self.entry("[1]", "[0,4]")
    try Self.expectRefused(#"{"a":\#(low),"b":\#(low)}"#, data: [0, 0, 0, 0], "overlaps")
    try Self.expectRefused(
      #"{"a":\#(low),"b":\#(Self.entry("[1]", "[2,6]"))}"#, data: Array(zeros.prefix(6)), "overlaps")
    try Self.expectRefused(#"{"a":\#(Self.entry("[1]", "[4,8]"))}"#, data: zeros, "gap")
    try Self.expectRefused(#"{"a":\#(low),"b":\#(Self.entry("[0]", "[6,6]"))}"#, data: zeros, "gap")
    try Self.expectRefused(#"{"a":\#(low)}"#, data: zeros, "4 bytes after")
    try Self.expectRefused("{}", data: [1], "1 bytes after")
  }

  @Test(
    "Offsets that are negative, reversed, outside, fractional or not two are refused",
    arguments: [
      "[-4,0]", "[4,0]", "[0,8]", "[0,4,8]", "[4]", "[]", "[0,1.5]", "[0.5,4.5]", "[0,NaN]",
      "[0,null]", "[0,\"4\"]",
      "[0,true]",
      "[0,1e300]", "[0,9223372036854775807]", "[9223372036854775807,9223372036854775807]", "[0,18446744073709551616]",
      "[-9223372036854775808,9223372036854775807]", "4",
    ])
  func offsets(_ offsets: String) throws {
    try Self.expectRefused(#"{"a":\#(Self.entry("[1]", offsets))}"#, data: [0, 0, 0, 0])
  }

  @Test("Offsets spelled as fractions but whole mean what they say")
  func wholeFractions() throws {
    try withTemporaryFolder { folder in
      let url = try rawFile(#"{"a":\#(Self.entry("[1]", "[0.0,4e0]"))}"#, data: [0, 0, 128, 63], in: folder)
      #expect(try SafetensorsFile(url).tensor("a").floats() == [1])
    }
  }

  @Test(
    "Shapes that are negative, overflow or do not fit the bytes are refused",
    arguments: [
      "[-1]", "[-1,-1]", "[2]", "[]x", "[0]", "[1.5]", "[9223372036854775807]", "[4611686018427387904,4]",
      "[9223372036854775807,9223372036854775807]", "[4611686018427387904,4,0]", "[18446744073709551616]", "[1,null]",
      "[" + Array(repeating: "1", count: 65).joined(separator: ",") + "]",
      "[" + Array(repeating: "1", count: 100_000).joined(separator: ",") + "]",
    ])
  func shapes(_ shape: String) throws {
    try Self.expectRefused(#"{"a":\#(Self.entry(shape, "[0,4]"))}"#, data: [0, 0, 0, 0])
  }

  @Test("Empty tensors of huge shapes are an error or empty, never more")
  func hugeEmptyShapes() throws {
    for shape in [
      "[0,9223372036854775807]", "[0,4611686018427387904,4611686018427387904]", "[0,9223372036854775807,2]",
    ] {
      try withTemporaryFolder { folder in
        let url = try rawFile(#"{"a":\#(Self.entry(shape, "[0,0]"))}"#, in: folder)
        do {
          #expect(try SafetensorsFile(url).tensor("a").floats() == [])
        } catch let error as TelltaleError { #expect("\(error)".contains("raw.safetensors")) }
      }
    }
  }

  @Test("A type that nobody knows is refused when read, in one short line however long its name")
  func unknownTypes() throws {
    try Self.expectRefused(#"{"a":\#(Self.entry("[4]", "[0,4]", dtype: "F8_E4M3"))}"#, data: [0, 0, 0, 0], "F8_E4M3")
    let long = String(repeating: "x", count: 100_000)
    try Self.expectRefused(#"{"a":\#(Self.entry("[1]", "[0,4]", dtype: long))}"#, data: [0, 0, 0, 0], "xxx...")
    try Self.expectRefused(#"{"\#(long)\n":\#(Self.entry("[2]", "[0,4]"))}"#, data: [0, 0, 0, 0], "xxx...")
  }

  @Test("A truth value other than 0 and 1 is refused")
  func truthValues() throws {
    try Self.expectRefused(#"{"a":\#(Self.entry("[2]", "[0,2]", dtype: "BOOL"))}"#, data: [1, 2], "neither 0 nor 1")
  }

  @Test("A file cut off anywhere is refused", arguments: ["shapes.safetensors", "every-type.safetensors"])
  func truncation(_ name: String) throws {
    let whole = try Data(contentsOf: fixture(name))
    try withTemporaryFolder { folder in
      for count in 0..<whole.count {
        let url = try rawFile(whole.prefix(count), in: folder)
        expectError(.badInput, containing: "raw.safetensors") { try Self.readAll(url) }
      }
    }
  }

  @Test("Two thousand random mutations of a valid file are read or refused with a sentence")
  func mutations() throws {
    let valid = try Data(contentsOf: fixture("shapes.safetensors"))
    var generator = SeededGenerator(seed: 20_231_101)
    var refused = 0
    try withTemporaryFolder { folder in
      for _ in 0..<2000 {
        let url = try rawFile(mutated(valid, &generator), in: folder)
        do { try Self.readAll(url) } catch let error as TelltaleError {
          refused += 1
          let text = "\(error)"
          #expect(text.contains("raw.safetensors") && text.count < 500 && !text.contains { $0.isNewline }, "\(text)")
        }
      }
    }
    #expect(refused > 1000)  // and not all of them, because flips in data and metadata do no harm
    #expect(refused < 2000)
  }

  /// One to four changes: a flipped bit, another byte, digit or delimiter, a removed or repeated stretch.
  private func mutated(_ original: Data, _ generator: inout SeededGenerator) -> Data {
    var bytes = [UInt8](original)
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      let end = min(bytes.count, place + Int.random(in: 1...8, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 2: bytes[place] = Array("0123456789-.eE{}[],:\"\\ ".utf8).randomElement(using: &generator) ?? 0
      case 3: bytes.removeSubrange(place..<end)
      default: bytes.insert(contentsOf: bytes[place..<end], at: place)
      }
    }
    return Data(bytes)
  }
}
