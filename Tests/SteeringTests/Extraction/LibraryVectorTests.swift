import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Mean-difference vectors against the steering-vectors library's, from every way that pairs come in.
@Suite struct LibraryVectorTests {
  static let positions: [ReadPosition] = [.answer, .continuation]

  private func expectLibraryVectors(
    _ vectors: SteeringVectors, _ position: ReadPosition, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try LibraryPair.golden().tensor("mean.read\(LibraryPair.index(position))")
    #expect(vectors.sortedLayers == [0, 1, 2, 3], sourceLocation: sourceLocation)
    for layer in 0..<4 {
      let found = try vectors.vector(layer)
      let difference = distance(found, try expected[layer].floats())
      #expect(difference < 5e-4, "layer \(layer)", sourceLocation: sourceLocation)
    }
  }

  private func extraction(_ position: ReadPosition) throws -> VectorExtraction {
    VectorExtraction(try VectorRecipe(read: position), layers: [0, 1, 2, 3], seed: 1)
  }

  @Test("The tokens are those that the library was given, read at the letter and at the bracket after it")
  func readsTheLibrarysTokens() throws {
    let encoder = PromptEncoder.plain(try TinyModel.llama().tokenizer)
    for pair in try LibraryPair.all() {
      for position in Self.positions {
        let readable = try encoder.readable(
          positive: pair.positive, negative: pair.negative, group: "", at: position)
        #expect(readable.positive.ids == pair.positiveTokens && readable.negative.ids == pair.negativeTokens)
        let place = pair.positiveTokens.count + LibraryPair.index(position)
        #expect(readable.positive.read == place..<place + 1, "row \(pair.row)")
      }
    }
  }

  @Test("From the library's own activations the mean is the library's to rounding", arguments: positions)
  func averagesStoredActivations(_ position: ReadPosition) throws {
    let golden = try LibraryPair.golden()
    let name = "activations.read\(LibraryPair.index(position))"
    let (positive, negative) = (try golden.tensor("\(name).positive"), try golden.tensor("\(name).negative"))
    let streams = try Tensor.stacked([positive, negative], 1).reshaped([64, 4, 64]).converted(to: .float64)
    var sums = try DifferenceSums(layers: [0, 1, 2, 3], hidden: 64, splits: 0)
    try sums.add(streams.narrowed(0, 0..<20), halves: Array(repeating: [], count: 10))
    try sums.add(streams.narrowed(0, 20..<64), halves: Array(repeating: [], count: 22))
    let result = try sums.result(halvesByGroup: false)
    let expected = try golden.tensor("mean.read\(LibraryPair.index(position))")
    #expect(result.pairs == 32)
    for layer in 0..<4 {
      let found = try #require(result.difference[layer]).map(Float.init)
      #expect(distance(found, try expected[layer].floats()) < 1e-6, "layer \(layer)")
    }
  }

  @Test("Vectors of the pairs as texts equal the library's", arguments: positions)
  func texts(_ position: ReadPosition) throws {
    let loaded = try TinyModel.llama()
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let pairs = try LibraryPair.all().enumerated().map { index, pair in
      try encoder.readable(positive: pair.positive, negative: pair.negative, group: "\(index)", at: position)
    }
    try expectLibraryVectors(extraction(position).run(loaded, pairs), position)
  }

  /// The pairs as a data file of one format.
  private func file(_ format: DatasetFormat) throws -> String {
    let rows = try LibraryPair.all().map { pair in
      let keys =
        format == .contrast
        ? ["question": pair.question, "answer": pair.matching, "contrastive_answer": pair.other]
        : [
          "question": pair.question, "answer_matching_behavior": pair.matching,
          "answer_not_matching_behavior": pair.other,
        ]
      return String(decoding: try JSONEncoder().encode(keys), as: UTF8.self)
    }
    return format == .caa ? "[\(rows.joined(separator: ","))]" : rows.joined(separator: "\n")
  }

  @Test(
    "Vectors of the pairs as rows equal the library's in every format", arguments: positions,
    [DatasetFormat.contrast, .anthropic, .caa])
  func formats(_ position: ReadPosition, _ format: DatasetFormat) throws {
    let loaded = try TinyModel.llama()
    let vectors = try extraction(position).run(loaded, .plain(loaded.tokenizer), items(file(format)))
    try expectLibraryVectors(vectors, position)
    #expect(vectors.provenance.pairs == 32 && vectors.provenance.promptStyle == "plain")
    #expect(vectors.provenance.read == position.rawValue && vectors.provenance.modelFingerprint == loaded.fingerprint)
  }

  @Test(
    "Vectors of the original rows of the published files equal the library's", .enabled(if: TestData.hasPolitical),
    arguments: positions)
  func originalRows(_ position: ReadPosition) throws {
    let loaded = try TinyModel.llama()
    let library = try LibraryPair.all()
    var files: [String: [Item]] = [:]
    for name in Set(library.map(\.file)) { files[name] = try Dataset.load(TestData.shared(name)) }
    let pairs = try library.map { pair in
      try PromptBuilder.plain.pair(for: #require(files[pair.file])[pair.row])
    }
    for (pair, original) in zip(pairs, library) {
      #expect(pair.positiveText == original.positive && pair.negativeText == original.negative)
    }
    try expectLibraryVectors(extraction(position).run(loaded, .plain(loaded.tokenizer), pairs), position)
  }
}
