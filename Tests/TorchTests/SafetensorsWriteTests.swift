import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

@Suite("Writing safetensors files")
struct SafetensorsWriteTests {
  /// One tensor of every type and some shapes, the content of the fixture `written.safetensors`.
  static func sample() throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for dtype in DType.allCases {
      let values = try Tensor(SafetensorsReadTests.expected(dtype), shape: [2, 3])
      tensors[dtype.rawValue] = try values.converted(to: dtype)
    }
    tensors["scalar"] = try Tensor.full([], 42.5)
    tensors["empty"] = try Tensor.zeros([0, 3])
    tensors["transposed"] = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]).transposed(0, 1)
    tensors["layer/0 \"é\"\n"] = try Tensor([true])
    return tensors
  }

  static let metadata = ["format": "pt", "note": "naïve \"quotes\" \\ / and\nlines"]

  @Test("The bytes are those of the fixture that the reference implementation was seen to read")
  func fixtureBytes() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("written.safetensors")
      try SafetensorsFile.write(Self.sample(), metadata: Self.metadata, to: url)
      let written = try Data(contentsOf: url)
      if ProcessInfo.processInfo.environment["TELLTALE_RECORD"] != nil {
        try written.write(to: fixture("written.safetensors"))
        Issue.record("recorded anew; see PROVENANCE.md for how to check it")
      }
      #expect(try written == Data(contentsOf: fixture("written.safetensors")))
    }
  }

  @Test("What is written is read back, and every tensor is aligned")
  func readBack() throws {
    let sample = try Self.sample()
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try SafetensorsFile.write(sample, metadata: Self.metadata, to: url)
      let file = try SafetensorsFile(url)
      #expect(file.metadata == Self.metadata && file.names == sample.keys.sorted())
      for (name, tensor) in sample {
        let read = try file.tensor(name)
        #expect(read.dtype == tensor.dtype)
        try expectClose(read, tensor.doubles(), shape: tensor.shape, tolerance: 0)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == ["a.safetensors"])
    }
  }

  @Test("No tensors, with and without metadata, make a file that is read back")
  func nothing() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      for metadata in [[:], ["a": "b"]] {
        try SafetensorsFile.write([:], metadata: metadata, to: url)
        #expect(try SafetensorsFile(url).metadata == metadata && SafetensorsFile(url).names == [])
      }
    }
  }

  @Test("Random shapes, types, names and numbers come back bit by bit", arguments: 0..<40)
  func roundTrip(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    var tensors: [String: Tensor] = [:]
    for index in 0..<Int.random(in: 0...6, using: &generator) {
      let shape = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Int.random(in: 0...5, using: &generator) }
      let dtype = DType.allCases.randomElement(using: &generator) ?? .float32
      let numbers = try Tensor.randomNormal(shape, seed: generator.next()) * 10
      let name = String((0..<8).map { _ in "aé.\"\\/ \u{1}模🙂".randomElement(using: &generator) ?? "x" })
      tensors["\(index)\(name)"] = try numbers.absolute().converted(to: dtype)
    }
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try SafetensorsFile.write(tensors, to: url)
      let file = try SafetensorsFile(url)
      #expect(Set(file.names) == Set(tensors.keys))
      for (name, tensor) in tensors {
        let read = try file.tensor(name)
        #expect(read.shape == tensor.shape && read.dtype == tensor.dtype)
        let (bytes, expected) = try (read.withBytes { Array($0) }, tensor.withBytes { Array($0) })
        #expect(bytes == expected)
      }
    }
  }

  @Test("A reserved name and a size that no file has are refused, and nothing is left behind")
  func refused() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      let one = try Tensor([1])
      expectError(.invalidArgument, containing: "__metadata__") {
        try SafetensorsFile.write(["__metadata__": one], to: url)
      }
      expectError(.outOfMemory) { try SafetensorsFile.write(["a": one.expanded([1 << 61])], to: url) }
      expectError(.outOfMemory) { try SafetensorsFile.write(["a": one, "b": one.expanded([1 << 50])], to: url) }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == [])
    }
  }

  @Test("A failed write leaves the old file as it was")
  func oldFileSurvives() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try SafetensorsFile.write(["a": Tensor([1])], to: url)
      expectError(.outOfMemory) { try SafetensorsFile.write(["a": Tensor([2]).expanded([1 << 50])], to: url) }
      #expect(try SafetensorsFile(url).tensor("a").integers() == [1])
    }
  }

  @Test("A file may be replaced by one made from its own tensors")
  func replacedByItself() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try SafetensorsFile.write(["a": Tensor([1, 2])], to: url)
      let old = try SafetensorsFile(url).tensor("a")
      try SafetensorsFile.write(["a": old, "b": old + 1], to: url)
      #expect(try SafetensorsFile(url).tensor("b").integers() == [2, 3] && old.integers() == [1, 2])
    }
  }

  @Test("Of many writers of one path one wins whole, and readers never see a torn file")
  func concurrentWriters() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telltale-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("a.safetensors")
    try SafetensorsFile.write(["a": Tensor.full([5000], -1)], to: url)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<16 {
        group.addTask { try SafetensorsFile.write(["a": Tensor.full([5000 + writer], Double(writer))], to: url) }
        group.addTask {
          let values = try SafetensorsFile(url).tensor("a")
          #expect(try values.min().scalar() == values.max().scalar())
        }
      }
      try await group.waitForAll()
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left == ["a.safetensors"])
  }
}
