import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers
import Torch

/// The contrast pairs that `telltale-bench` runs: a file's, or token ids drawn with a seed.
struct BenchPrompts {
  let pairs: [ReadablePair]
  /// What they are, for the report.
  let source: String

  /// Tokens of the texts that both halves share, one list a pair: what generation continues.
  var prompts: [[Int]] {
    pairs.map { pair in
      let shared = PackedBatch.commonPrefix([pair.positive.ids, pair.negative.ids])
      return Array(pair.positive.ids.prefix(max(1, shared)))
    }
  }

  var meanLength: Double {
    Double(pairs.reduce(0) { $0 + $1.positive.ids.count + $1.negative.ids.count }) / Double(2 * pairs.count)
  }

  /// Tokens that the halves of a drawn pair do not share: an answer such as " (A" against " (B".
  private static let answerLength = 2
  /// Lengths of drawn texts: those of sycophancy questions with a biography, mean 250 tokens.
  private static let lengths = 150...350

  /// Pairs of random token ids of realistic lengths, the halves differing in their last two tokens.
  static func drawn(count: Int, vocabulary: Int, seed: UInt64) -> BenchPrompts {
    let pairs = (0..<count).map { index in
      var generator = SeededGenerator(seed: seed, stream: index)
      let shared = Int.random(in: lengths, using: &generator) - answerLength
      let prefix = (0..<shared).map { _ in Int.random(in: 0..<vocabulary, using: &generator) }
      let first = Int.random(in: 0..<vocabulary, using: &generator)
      let answers = [first, (first + 1) % vocabulary].map { [$0, $0] }
      return pair(prefix + answers[0], prefix + answers[1], group: "\(index)")
    }
    return BenchPrompts(pairs: pairs, source: "token ids drawn with seed \(seed)")
  }

  struct Lengths: Decodable {
    var shared: Int
    var positive: Int
    var negative: Int
    /// How many pairs have these lengths; one where it is not said.
    var count: Int?

    fileprivate var isPossible: Bool {
      [shared, positive, negative].allSatisfy { (1...65_536).contains($0) } && (1...1_000_000).contains(count ?? 1)
    }
  }

  /// At most `count` pairs of random token ids, of lengths drawn from a JSON Lines file of them: tokens that both halves
  /// begin with, and tokens that each ends with.
  static func drawn(lengths path: String, count: Int, vocabulary: Int, seed: UInt64) throws -> BenchPrompts {
    let rows = try readLengths(path)
    var order = SeededGenerator(seed: seed)
    let lengths = order.shuffled(rows.flatMap { Array(repeating: $0, count: $0.count ?? 1) }).prefix(count)
    let pairs = lengths.enumerated().map { index, own in
      var generator = SeededGenerator(seed: seed, stream: index)
      let prefix = (0..<own.shared).map { _ in Int.random(in: 0..<vocabulary, using: &generator) }
      let answer = Int.random(in: 0..<vocabulary, using: &generator)
      let ends = [
        Array(repeating: answer, count: own.positive), Array(repeating: (answer + 1) % vocabulary, count: own.negative),
      ]
      return pair(prefix + ends[0], prefix + ends[1], group: "\(index)")
    }
    return BenchPrompts(pairs: pairs, source: "token ids drawn with seed \(seed), of the lengths in \(path)")
  }

  static func readLengths(_ path: String) throws -> [Lengths] {
    let rows: [Lengths] = try JSONLines.read(path, expecting: #"{"shared": 250, "positive": 2, "negative": 2}"#)
    if let wrong = rows.firstIndex(where: { !$0.isPossible }) {
      throw TelltaleError(
        .badInput,
        "has a length that is not from 1 to 65536", at: InputLocation(file: path, item: "object \(wrong + 1)"))
    }
    return rows
  }

  private struct Row: Decodable {
    var positive: String
    var negative: String
  }

  /// The first `count` pairs of a JSON Lines file of {"positive": "...", "negative": "..."}, read at their last token.
  static func read(_ path: String, count: Int, tokenizer: Tokenizer, vocabulary: Int) throws -> BenchPrompts {
    let rows: [Row] = try JSONLines.read(path, expecting: #"{"positive": "...", "negative": "..."}"#)
    let pairs = try rows.prefix(count).enumerated().map { index, row in
      let halves = [row.positive, row.negative].map { tokenizer.encode($0, addSpecialTokens: true).ids }
      guard halves.allSatisfy({ !$0.isEmpty }), halves[0] != halves[1] else {
        throw TelltaleError(
          .badInput,
          "pair \(index + 1) has an empty half or two equal ones; give two texts that differ",
          at: InputLocation(file: path))
      }
      guard halves.joined().allSatisfy({ $0 < vocabulary }) else {
        throw TelltaleError(
          .badInput,
          "the tokenizer has tokens that the model, of \(vocabulary), lacks; give the model's own with --tokenizer",
          at: InputLocation(file: path))
      }
      return pair(halves[0], halves[1], group: "\(index)")
    }
    return BenchPrompts(pairs: pairs, source: path)
  }

  private static func pair(_ positive: [Int], _ negative: [Int], group: String) -> ReadablePair {
    func last(_ ids: [Int]) -> ReadableText { ReadableText(ids: ids, read: ids.count - 1..<ids.count) }
    return ReadablePair(positive: last(positive), negative: last(negative), group: group)
  }
}
