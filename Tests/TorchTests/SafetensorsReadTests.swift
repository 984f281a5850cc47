import Foundation
import TestSupport
import Testing

@testable import Torch

/// The fixtures were written by the reference implementation; see Tests/Fixtures/torch/PROVENANCE.md.
@Suite("Reading safetensors files of the reference implementation")
struct SafetensorsReadTests {
  static let integers: [Double] = [0, -1, 2, -3, 4, -5]
  static let halves: [Double] = [0, -0.5, 1, 1.5, -2, 2.5]

  static func expected(_ dtype: DType) -> [Double] {
    switch dtype {
    case .bool: [0, 1, 0, 1, 1, 0]
    case .uint8: [0, 1, 2, 3, 4, 5]
    case .int8, .int16, .int32, .int64: integers
    case .float16, .bfloat16, .float32, .float64: halves
    }
  }

  @Test("Every element type is read exactly", arguments: DType.allCases)
  func everyType(_ dtype: DType) throws {
    let file = try SafetensorsFile(fixture("every-type.safetensors"))
    #expect(try file.dtype(of: dtype.rawValue) == dtype && file.shape(of: dtype.rawValue) == [2, 3])
    let tensor = try file.tensor(dtype.rawValue)
    #expect(tensor.dtype == dtype)
    try expectClose(tensor, Self.expected(dtype), shape: [2, 3], tolerance: 0)
  }

  @Test("Names, scalars, empty tensors and metadata come as they were written")
  func shapes() throws {
    let file = try SafetensorsFile(fixture("shapes.safetensors"))
    let odd = "Größe/\"Zitat\"\n"
    #expect(file.names == [odd, "empty", "layers.0.weight", "no-columns", "scalar"].sorted())
    #expect(file.metadata == ["format": "pt", "note": "naïve \"quotes\" \\ and\nlines", "empty": ""])
    #expect(try file.tensor("scalar").scalar() == 42.5 && file.shape(of: "scalar") == [])
    #expect(try file.tensor("empty").shape == [0, 3] && file.tensor("no-columns").shape == [2, 0])
    try expectClose(file.tensor("layers.0.weight"), [1, 2], shape: [1, 2, 1])
    #expect(try file.tensor(odd).integers() == [7])
    #expect(file.contains("scalar") && !file.contains("Scalar"))
  }

  @Test("A file without tensors is a file")
  func nothing() throws {
    let file = try SafetensorsFile(fixture("nothing.safetensors"))
    #expect(file.names == [] && file.metadata == [:])
  }

  @Test("Types that Telltale does not compute with are listed, and refused by name when read")
  func unreadTypes() throws {
    let file = try SafetensorsFile(fixture("unread-types.safetensors"))
    #expect(file.names == ["eight", "plain", "sixteen"])
    #expect(try file.shape(of: "eight") == [2])
    #expect(try file.tensor("plain").floats() == [1, 2])
    expectError(.badInput, containing: "F8_E4M3") { try file.tensor("eight") }
    expectError(.badInput, containing: "U16") { try file.dtype(of: "sixteen") }
  }

  @Test("A tensor that is not there is named, and so is the file")
  func missing() throws {
    let file = try SafetensorsFile(fixture("nothing.safetensors"))
    for call in [{ _ = try file.tensor("lm_head\n") }, { _ = try file.shape(of: "lm_head\n") }] as [() throws -> Void] {
      let text = expectError(.badInput, containing: "nothing.safetensors", call)
      #expect(text.contains("\"lm_head\\n\""))
    }
  }

  @Test("A tensor lies in the file's pages, and outlives the file's name and value")
  func mapping() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("mapped.safetensors")
      try FileManager.default.copyItem(at: fixture("every-type.safetensors"), to: url)
      func isMapped() throws -> Bool {
        let maps = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/maps")).readToEnd() ?? Data()
        return String(decoding: maps, as: UTF8.self).contains(url.path)
      }
      var tensor: Tensor? = try SafetensorsFile(url).tensor("float32")
      var view = try tensor?.narrowed(0, 1..<2)
      tensor = nil
      try FileManager.default.removeItem(at: url)
      #expect(try isMapped())
      #expect(try view?.floats() == [1.5, -2, 2.5])
      view = nil
      #expect(try !isMapped())
    }
  }

  @Test("Writing to a tensor of a file changes memory, never the file")
  func writingToAMapping() throws {
    let before = try Data(contentsOf: fixture("every-type.safetensors"))
    let file = try SafetensorsFile(fixture("every-type.safetensors"))
    let parameter = try file.tensor("float32")
    try AdamW([parameter], weightDecay: 0).step([Tensor.ones([2, 3])], learningRate: 1)
    try expectClose(parameter, Self.halves.map { $0 - 1 }, shape: [2, 3], tolerance: 1e-5)
    #expect(try Data(contentsOf: fixture("every-type.safetensors")) == before)
    #expect(try SafetensorsFile(fixture("every-type.safetensors")).tensor("float32").doubles() == Self.halves)
  }

  @Test("A tensor whose data is not aligned is copied")
  func unaligned() throws {
    try withTemporaryFolder { folder in
      let header =
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#
      let url = try rawFile(header, data: [9] + [0, 0, 128, 63] + [0, 0, 0, 64], in: folder)
      #expect(try SafetensorsFile(url).tensor("b").floats() == [1, 2])
    }
  }

  static let largeModel = repositoryRoot.appendingPathComponent("../shared/models/tiny-llama/model.safetensors")

  @Test(
    "A checkpoint of the published layout is read whole",
    .enabled(if: FileManager.default.fileExists(atPath: largeModel.path)))
  func checkpoint() throws {
    let file = try SafetensorsFile(Self.largeModel)
    #expect(try file.shape(of: "model.embed_tokens.weight") == [1024, 64])
    for name in file.names { #expect(try file.tensor(name).isFinite().all()) }
  }
}

/// A file of the given header and data, whatever they are worth.
func rawFile(_ header: String, data: [UInt8] = [], length: UInt64? = nil, in folder: URL) throws -> URL {
  let declared = (length ?? UInt64(header.utf8.count)).littleEndian
  return try rawFile(withUnsafeBytes(of: declared) { Data($0) } + Data(header.utf8) + Data(data), in: folder)
}

/// A file of the given bytes, without the flush to the disk of Foundation's own writing, for tests that make thousands.
func rawFile(_ bytes: Data, in folder: URL) throws -> URL {
  let url = folder.appendingPathComponent("raw.safetensors")
  unlink(url.path)
  let file = try #require(fopen(url.path, "w"))
  defer { fclose(file) }
  let written = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
  try #require(written == bytes.count)
  return url
}
