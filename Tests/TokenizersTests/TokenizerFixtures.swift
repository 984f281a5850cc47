import Foundation
import Foundations
import TestSupport
import Testing

@testable import Tokenizers

/// Where the tokenizers and golden files are.
enum TokenizerFixtures {
  private static let repository = Fixtures.repository

  static let folder = repository.appending(path: "Tests/Fixtures/tokenizers")

  /// Real tokenizers, beside the repository; absent from a plain checkout.
  static let shared = repository.deletingLastPathComponent().appending(path: "shared/tokenizers")

  static var hasShared: Bool { FileManager.default.fileExists(atPath: shared.path) }

  static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer.load(directory: folder.appending(path: name))
  }

  /// The rows of a file of JSON lines.
  static func rows<Row: Decodable>(_ file: URL, as type: Row.Type = Row.self) throws -> [Row] {
    let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try lines.map { try decoder.decode(Row.self, from: $0) }
  }

  /// A directory with a `tokenizer.json` of this text, gone when the body returns.
  static func withTokenizerFile<Result>(
    _ contents: Data, named name: String = "tokenizer.json", _ body: (URL) throws -> Result
  ) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try contents.write(to: directory.appending(path: name))
    return try body(directory)
  }

  /// A byte pair tokenizer written out in a test: the vocabulary, numbered in order, the merges, and other parts.
  static func tokenizer(
    vocabulary: [String], merges: [String] = [], model: [String: Any] = [:], parts: [String: Any] = [:]
  ) throws -> Tokenizer {
    let ids = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
    let bpe: [String: Any] = ["type": "BPE", "vocab": ids, "merges": merges]
    let document = parts.merging(["model": bpe.merging(model) { $1 }]) { $1 }
    let data = try JSONSerialization.data(withJSONObject: document)
    return try withTokenizerFile(data) { try Tokenizer.load(directory: $0) }
  }
}

/// Equality by scalars: `==` would take canonically equivalent strings for equal.
func expectSameScalars(
  _ actual: String, _ expected: String, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(Array(actual.unicodeScalars) == Array(expected.unicodeScalars), comment, sourceLocation: sourceLocation)
}

/// SeededGenerator (Steele et al. 2014): the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
