import Foundation
import Foundations
import LanguageModels
import Torch

/// The direction of the residual stream that raises one answer letter's logit over another's: the difference of the two
/// letters' rows of the output matrix, each times the last norm's gain, through which the model reads them.
///
/// A vector that points along it tells answer letters apart and may say nothing of the behaviour.
public struct LetterDirection: Sendable, Equatable {
  /// The two letters, in alphabetical order; the first minus the second.
  public let letters: [String]
  /// Their tokens as they are tokenised in the answer, after the prompt.
  public let tokens: [Int]
  /// [hidden]
  public let direction: [Float]

  init(letters: [String], tokens: [Int], direction: [Float]) {
    (self.letters, self.tokens, self.direction) = (letters, tokens, direction)
  }

  /// The direction of the first item that offers two lettered answers; `nil` if none does.
  public init?(_ model: LanguageModel, _ encoder: PromptEncoder, _ items: [Item]) throws {
    guard let item = items.first(where: { Self.letters(of: $0) != nil }), let letters = Self.letters(of: item) else {
      return nil
    }
    let pair = try encoder.builder.pair(for: item)
    let positive = try Self.token(encoder, pair.prefix, pair.positive, pair.positiveAnswerOffset)
    let negative = try Self.token(encoder, pair.prefix, pair.negative, pair.negativeAnswerOffset)
    guard positive != negative else { return nil }
    let ordered = zip(letters, [positive, negative]).sorted { $0.0 < $1.0 }
    let rows = try model.unembedding(of: ordered.map(\.1))  // [2, hidden]
    self.init(letters: ordered.map(\.0), tokens: ordered.map(\.1), direction: try (rows[0] - rows[1]).floats())
  }

  /// The direction of answer A against answer B, as both are tokenised after `context`.
  public init(_ loaded: LoadedModel, after context: String) throws {
    let (a, b) = try VectorLens(loaded).letters(after: context)
    let rows = try loaded.model.unembedding(of: [a, b])  // [2, hidden]
    self.init(letters: ["A", "B"], tokens: [a, b], direction: try (rows[0] - rows[1]).floats())
  }

  private static func letters(of item: Item) -> [String]? {
    guard let own = item.matchingIndex, let answer = item.otherAnswers.first, let other = item.index(of: answer),
      let first = item.choices[own].letter, let second = item.choices[other].letter
    else { return nil }
    return [first, second]
  }

  private static func token(_ encoder: PromptEncoder, _ prefix: String, _ answer: String, _ letter: Int) throws -> Int {
    let text = try encoder.readable(prefix: prefix, answer: answer, letter: letter, at: .answer)
    return text.ids[text.read.lowerBound]
  }
}

/// Files: safetensors with `direction` float32 [hidden], letters and tokens as metadata.
extension LetterDirection {
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(url)
    let letters = (file.metadata["letters"] ?? "").split(separator: ",").map(String.init)
    let tokens = (file.metadata["tokens"] ?? "").split(separator: ",").compactMap { Int($0) }
    guard file.names == ["direction"], letters.count == 2, tokens.count == 2 else {
      throw TelltaleError(
        .badInput, "is no file of an answer-letter direction; remove it, or run the experiment again",
        at: InputLocation(file: url.path))
    }
    self.init(letters: letters, tokens: tokens, direction: try file.tensor("direction").floats())
  }

  public func write(to url: URL) throws {
    try SafetensorsFile.write(
      ["direction": try Tensor(direction)],
      metadata: [
        "letters": letters.joined(separator: ","), "tokens": tokens.map(String.init).joined(separator: ","),
      ], to: url)
  }
}
