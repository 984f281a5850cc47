import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

struct GGUFHeaderTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func open(_ builder: GGUFBuilder) throws -> GGUFFile {
    try GGUFFile(builder.write(to: folder.url.appending(path: "model.gguf")))
  }

  /// The one sentence that a file is refused with.
  private func refusal(_ bytes: [UInt8]) throws -> String {
    let url = folder.url.appending(path: "bad.gguf")
    try Data(bytes).write(to: url)
    do { _ = try GGUFFile(url) } catch {
      #expect(error.code == .badInput)
      #expect(error.location?.file == url.path)
      return error.message
    }
    Issue.record("a bad file was read")
    return ""
  }

  private func refusal(_ builder: GGUFBuilder) throws -> String { try refusal(builder.bytes()) }

  // MARK: What is right

  @Test("Metadata and tensors are read in both versions", arguments: [UInt32(2), 3]) func metadataTensorsRead(
    _ version: UInt32
  ) throws {
    var builder = GGUFBuilder()
    builder.version = version
    builder.add("general.architecture", .text("llama"))
    builder.add("llama.block_count", .uint32(2))
    builder.add("negative", .int32(-7))
    builder.add("wide", .uint64(1 << 40))
    builder.add("base", .float32(0.5))
    builder.add("flag", .bool(true))
    builder.add("tokens", .texts(["a", "", "é"]))
    builder.add("types", .int32s([1, -3]))
    builder.add("scores", .float32s([0.25, -1]))
    builder.add("m", [1, 2, 3, 4, 5, 6], shape: [2, 3])
    builder.add("v", [7, 8], shape: [2])
    let file = try open(builder)
    let data = file.metadata
    #expect(data.text("general.architecture") == "llama" && data.integer("llama.block_count") == 2)
    #expect(data.integer("negative") == -7 && data.integer("wide") == 1 << 40)
    #expect(data.real("base") == 0.5 && data.real("negative") == -7 && data.truth("flag") == true)
    #expect(data.texts("tokens") == ["a", "", "é"].map { UTF8Text($0) })
    #expect(data.integers("types") == [1, -3] && data.reals("scores") == [0.25, -1])
    #expect(data.text("absent") == nil && data.text("flag") == nil)
    #expect(file.header.entries.map(\.name) == ["m", "v"] && file.header.entries.map(\.shape) == [[2, 3], [2]])
    #expect(try file.tensor(file.header.entries[0], dtype: .float32).floats() == [1, 2, 3, 4, 5, 6])
    #expect(try file.tensor(file.header.entries[0], at: 1, dtype: .float32).floats() == [4, 5, 6])
    #expect(try file.tensor(file.header.entries[1], dtype: .float32).floats() == [7, 8])
  }

  @Test("The file's own alignment is kept")
  func fileOwnAlignment() throws {
    var builder = GGUFBuilder()
    builder.alignment = 64
    builder.add("general.alignment", .uint32(64))
    builder.add("a", [1], shape: [1])
    builder.add("b", [2], shape: [1])
    let file = try open(builder)
    #expect(file.header.dataStart % 64 == 0)
    #expect(try file.tensor(file.header.entries[1], dtype: .float32).floats() == [2])
  }

  // MARK: What lies

  private func small() -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", .text("llama"))
    builder.add("a", [1, 2], shape: [2])
    return builder
  }

  @Test("Every file that is cut off is refused")
  func everyFileCut() throws {
    let whole = small().bytes()
    for count in 0..<whole.count - 24 where count != 0 { #expect(try !refusal(Array(whole.prefix(count))).isEmpty) }
  }

  @Test("A flipped byte of the header never crashes")
  func flippedByteHeader() throws {
    let whole = small().bytes()
    for index in whole.indices.prefix(140) {
      for mask in [UInt8(0x80), 0x01, 0xFF] {
        var bytes = whole
        bytes[index] ^= mask
        let url = folder.url.appending(path: "flipped.gguf")
        try Data(bytes).write(to: url)
        guard let file = try? GGUFFile(url) else { continue }
        for entry in file.header.entries { _ = try? file.tensor(entry, dtype: .float32) }
      }
    }
  }

  @Test("Another format, version or byte order is named")
  func anotherFormatVersion() throws {
    var builder = small()
    builder.magic = "GGML"
    #expect(try refusal(builder).contains("no GGUF file"))
    builder = small()
    builder.version = 1
    #expect(try refusal(builder).contains("version 1"))
    builder.version = UInt32(3).byteSwapped
    #expect(try refusal(builder).contains("big-endian"))
  }

  @Test("Counts beyond the file are refused before anything is made of them")
  func countsBeyondFile() throws {
    var builder = small()
    builder.statedTensorCount = .max
    #expect(try refusal(builder).contains("tensors"))
    builder = small()
    builder.statedValueCount = 1 << 40
    #expect(try refusal(builder).contains("metadata values"))
    builder = small()
    builder.add("list", .raw(9, [8, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)))
    #expect(try refusal(builder).contains("members of a list"))
    builder = small()
    builder.add("text", .raw(8, [UInt8](repeating: 0x7F, count: 8)))
    #expect(try refusal(builder).contains("bytes of a text"))
  }

  @Test("Unknown value types and deep lists are refused")
  func unknownValueTypes() throws {
    var builder = small()
    builder.add("odd", .raw(13, [0, 0, 0, 0]))
    #expect(try refusal(builder).contains("unknown type 13"))
    builder = small()
    let nested = (0..<8).flatMap { _ in [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] as [UInt8] }
    builder.add("deep", .raw(9, nested))
    #expect(try refusal(builder).contains("nested"))
  }

  @Test("A key or a tensor that is there twice is refused")
  func keyTensorThere() throws {
    var builder = small()
    builder.add("general.architecture", .text("llama"))
    #expect(try refusal(builder).contains("same key twice"))
    builder = small()
    builder.add("a", [1], shape: [1])
    #expect(try refusal(builder).contains("twice"))
  }

  @Test("An offset outside of the file, between alignments or over another tensor is refused")
  func offsetOutsideFile() throws {
    var builder = small()
    builder.add("b", type: 0, sizes: [2], bytes: [0, 0, 0, 0, 0, 0, 0, 0], statedOffset: 1 << 50)
    #expect(try refusal(builder).contains("outside"))
    builder.tensors[1].statedOffset = .max
    #expect(try refusal(builder).contains("outside"))
    builder.tensors[1].statedOffset = 4
    #expect(try refusal(builder).contains("aligned"))
    builder.tensors[1].statedOffset = 0
    #expect(try refusal(builder).contains("overlaps"))
  }

  @Test("Shapes that overflow, are too deep or no whole blocks are refused")
  func shapesOverflowToo() throws {
    var builder = small()
    builder.add("b", type: 0, sizes: [1 << 40, 1 << 40], bytes: [])
    #expect(try refusal(builder).contains("impossible shape"))
    builder.tensors[1].sizes = [1, 1, 1, 1, 1]
    #expect(try refusal(builder).contains("dimensions"))
    builder.tensors[1] = .init(name: "b", sizes: [31], type: 2, bytes: [UInt8](repeating: 0, count: 18))
    #expect(try refusal(builder).contains("impossible shape"))
    builder.tensors[1] = .init(name: "b", sizes: [1 << 62], type: 0, bytes: [])
    #expect(try refusal(builder).contains("impossible shape"))
  }

  @Test("An alignment that is none is refused")
  func alignmentNoneRefused() throws {
    for value in [GGUFBuilder.Value.uint32(0), .uint32(7), .uint32(1 << 30), .text("32")] {
      var builder = small()
      builder.add("general.alignment", value)
      #expect(try refusal(builder).contains("no alignment"))
    }
  }

  @Test("A type that is not read is refused by name when its tensor is asked for")
  func typeReadRefused() throws {
    var builder = small()
    builder.add("b", type: 16, sizes: [256], bytes: [UInt8](repeating: 0, count: 66))
    let file = try open(builder)
    let error = #expect(throws: TelltaleError.self) { try file.tensor(file.header.entries[1], dtype: .float32) }
    #expect(error?.message.contains("IQ2_XXS") == true && error?.message.contains("Q4_K") == true)
    #expect(error?.location?.item == "b")
  }

  // MARK: Parts

  private func part(_ index: Int, of count: Int, tensor: String) -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("split.no", .uint32(UInt32(index)))
    builder.add("split.count", .uint32(UInt32(count)))
    builder.add("split.tensors.count", .int32(2))
    builder.add(tensor, [Float(index)], shape: [1])
    return builder
  }

  private func url(_ index: Int) -> URL { folder.url.appending(path: "m-0000\(index)-of-00002.gguf") }

  @Test("A split model is read from any of its parts")
  func splitModelRead() throws {
    try part(0, of: 2, tensor: "a").write(to: url(1))
    try part(1, of: 2, tensor: "b").write(to: url(2))
    for given in [url(1), url(2)] {
      let model = try GGUFModelFile(given)
      #expect(model.names == ["a", "b"] && model.files.count == 2 && model.url == url(1))
      let entry = try #require(model.entry("b"))
      #expect(try model.file(of: "b")?.tensor(entry, dtype: .float32).floats() == [1])
    }
  }

  private func splitRefusal() -> String {
    do { _ = try GGUFModelFile(url(1)) } catch { return error.message }
    return "read"
  }

  @Test("Parts that are missing, misnamed, doubled or too few are refused")
  func partsMissingMisnamed() throws {
    try part(0, of: 2, tensor: "a").write(to: url(1))
    #expect(splitRefusal().contains("is missing"))
    try part(0, of: 2, tensor: "b").write(to: url(2))
    #expect(splitRefusal().contains("not part 2 of 2"))
    try part(1, of: 2, tensor: "a").write(to: url(2))
    #expect(splitRefusal().contains("two parts"))
    var builder = part(1, of: 2, tensor: "b")
    builder.add("c", [1], shape: [1])
    try builder.write(to: url(2))
    #expect(splitRefusal().contains("states 2 tensors"))
    try part(0, of: 2_000_000, tensor: "a").write(to: url(1))
    #expect(splitRefusal().contains("no split model"))
    let other = folder.url.appending(path: "whole.gguf")
    try part(0, of: 2, tensor: "a").write(to: other)
    #expect(throws: TelltaleError.self) { try GGUFModelFile(other) }
  }
}
