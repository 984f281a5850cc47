import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// The 32 pairs that the steering-vectors library was given, and what it made of them.
struct LibraryPair: Decodable {
  /// The data file and the row in it (from 0) that the pair comes from.
  var file: String
  var row: Int
  var positive: String
  var negative: String
  var positiveTokens: [Int]
  var negativeTokens: [Int]

  enum CodingKeys: String, CodingKey {
    case file, row, positive, negative
    case positiveTokens = "positive_ids"
    case negativeTokens = "negative_ids"
  }

  /// What both texts begin with: all but the answer, " (A)".
  var question: String { String(positive.dropLast(4)) }
  var matching: String { String(positive.suffix(4)) }
  var other: String { String(negative.suffix(4)) }

  static func all() throws -> [LibraryPair] {
    let lines = try Data(contentsOf: Fixtures.file("steering-vectors/pairs.jsonl")).split(separator: UInt8(ascii: "\n"))
    return try lines.map { try JSONDecoder().decode(LibraryPair.self, from: $0) }
  }

  static func golden() throws -> SafetensorsFile {
    try SafetensorsFile(Fixtures.file("steering-vectors/golden.safetensors"))
  }

  /// The library's token index that a read position stands for on these pairs.
  static func index(_ position: ReadPosition) -> Int { position == .answer ? -2 : -1 }
}

/// Loading the tiny models, once each.
enum TinyModel {
  static func load(_ name: String) throws -> LoadedModel {
    try LoadedModel(Fixtures.file("models/\(name)").path, dtype: .float32)
  }

  static let loadedLlama = Result { try load("tiny-llama") }
  static func llama() throws -> LoadedModel { try loadedLlama.get() }

  static let names = ["tiny-llama", "tiny-mistral", "tiny-llama3", "tiny-qwen2"]
}

/// The largest absolute difference of two rows of numbers.
func distance(_ a: [Float], _ b: [Float]) -> Double {
  a.count == b.count ? zip(a, b).map { abs(Double($0) - Double($1)) }.max() ?? 0 : .infinity
}

/// The items of a committed excerpt.
func fixtureItems(_ name: String) throws -> [Item] { try Dataset.load(TestData.fixture(name)) }
