import Foundation
import Foundations
import LanguageModels
import Torch

/// What a model makes of one question's answers. The first answer is the one that shows the behaviour (or is right).
public struct ChoiceScore: Sendable, Equatable {
  /// p(matching) over the given answers, from the first token in which answers differ (the letter).
  public var probability: Double
  /// The probability of all the answers' tokens at that place: near 1 where the model answers in the form asked for.
  public var mass: Double
  /// p(matching) over the given answers, each with the summed log-probability of all its tokens.
  public var summedProbability: Double
  /// The probability of the whole answers together.
  public var summedMass: Double
  /// log p(matching) - log p(likeliest other), in nats, of the whole answers: the logit difference.
  public var margin: Double
  /// Whether the matching answer is the likeliest.
  public var follows: Bool { margin > 0 }

  /// - Parameters:
  ///   - logProbabilities: by answer and token.
  ///   - tokens: the token ids they belong to, in the same form.
  package init(_ logProbabilities: [[Double]], tokens: [[Int]]) {
    let sums = logProbabilities.map { $0.reduce(0, +) }
    let shortest = tokens.map(\.count).min() ?? 0
    let place = min(PackedBatch.commonPrefix(tokens), max(0, shortest - 1))
    let letters = logProbabilities.map { $0[place] }
    let distinct = Dictionary(zip(tokens.map { $0[place] }, letters)) { first, _ in first }
    probability = Self.share(letters)
    mass = distinct.sorted { $0.key < $1.key }.reduce(0) { $0 + exp($1.value) }
    summedProbability = Self.share(sums)
    summedMass = sums.reduce(0) { $0 + exp($1) }
    margin = sums[0] - (sums.dropFirst().max() ?? 0)
  }

  /// exp(first) over the sum of all, without underflow.
  private static func share(_ logs: [Double]) -> Double {
    let largest = logs.max() ?? 0
    return exp(logs[0] - largest) / logs.reduce(0) { $0 + exp($1 - largest) }
  }

}

/// Scores the answers of items in every cell of a grid.
public struct ChoiceEvaluation {
  public struct Result: Sendable {
    public var items: [Item]
    public var cells: [GridCell]
    /// By cell and item.
    public var scores: [[ChoiceScore]]
    public var effects: [CellEffect]
    public var cost: GridCost
    public var groups: [String] { items.map(\.group.id) }
  }

  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let tokenBudget: Int

  public init(_ loaded: LoadedModel, _ encoder: PromptEncoder, tokenBudget: Int = 8192) {
    (self.loaded, self.encoder, self.tokenBudget) = (loaded, encoder, tokenBudget)
  }

  /// Refuses items without at least two answers.
  public func run(_ items: [Item], cells: [GridCell], onProgress: (Int) -> Void = { _ in }) throws -> Result {
    guard !items.isEmpty else { throw TelltaleError(.badInput, "there are no items to evaluate; give at least one") }
    let families = try items.map(family)
    let scores = try GridScorer(loaded.model, tokenBudget: tokenBudget)
      .score(families, cells: cells, onProgress: onProgress)
    let tokens = families.map { family in family.sequences.map { Array($0[family.scoredFrom...]) } }
    return Result(
      items: items, cells: cells,
      scores: scores.logProbabilities.map { own in zip(own, tokens).map { ChoiceScore($0, tokens: $1) } },
      effects: scores.effects, cost: scores.cost)
  }

  private func family(_ item: Item) throws -> ScoredFamily {
    guard let matching = item.matchingAnswer, !item.otherAnswers.isEmpty else {
      throw TelltaleError(
        .badInput, "has no answers to choose between; use data with matching and other answers",
        at: InputLocation(file: item.source, item: "row \(item.row)"))
    }
    let texts = try ([matching] + item.otherAnswers).map { answer in
      let placed = try encoder.builder.answered(item, with: answer)
      return placed.prefix + placed.answer
    }
    return try encoder.family(prompt: try encoder.prompt(item), texts: texts)
  }
}

extension PromptEncoder {
  /// Texts that begin with `prompt`, scored from where the first of them leaves it.
  func family(prompt: String, texts: [String]) throws(TelltaleError) -> ScoredFamily {
    let ids = encode(prompt).ids
    let sequences = texts.map { encode($0).ids }
    let shared = PackedBatch.commonPrefix([ids] + sequences)
    let shortest = sequences.map(\.count).min() ?? 0
    guard shortest > 1 else {
      throw TelltaleError(.badInput, "a text to score has fewer than two tokens, so nothing to predict; remove its row")
    }
    return ScoredFamily(
      sequences: sequences, promptLength: ids.count, scoredFrom: max(1, min(shared, shortest - 1)))
  }
}
