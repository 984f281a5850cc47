import Foundation
import Foundations
import LanguageModels

/// Perplexity of given texts in every cell of a grid.
///
/// A text longer than `window` tokens is read in windows that begin every `stride` tokens; a window scores only the tokens
/// that the one before has not, so every token but the first counts once, with at least window - stride tokens before it
/// (stride = window: the cheapest, with none at a window's beginning). A window's first token counts as its prompt, all later ones as
/// generated, for the rules of edit positions.
public struct PerplexityEvaluation {
  public struct Result: Sendable {
    public var cells: [GridCell]
    /// Mean negative log-probability in nats per token, by cell and text.
    public var losses: [[Double]]
    /// Scored tokens by text.
    public var tokens: [Int]
    public var effects: [CellEffect]
    public var cost: GridCost

    /// exp of the mean loss over all tokens of all texts.
    public func perplexity(cell: Int) -> Double { exp(loss(cell: cell)) }

    /// Nats per token over all tokens of all texts.
    public func loss(cell: Int) -> Double {
      zip(losses[cell], tokens).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(tokens.reduce(0, +))
    }
  }

  private let loaded: LoadedModel
  private let window: Int
  private let stride: Int

  /// - Parameters:
  ///   - window: 2 to 131,072 tokens.
  ///   - stride: 1 to `window` (default: half of it).
  public init(_ loaded: LoadedModel, window: Int = 1024, stride: Int? = nil) throws(TelltaleError) {
    guard (2...131_072).contains(window) else {
      throw TelltaleError(.badInput, "the window must be from 2 to 131072 tokens, not \(window)")
    }
    let stride = stride ?? window / 2
    guard (1...window).contains(stride) else {
      throw TelltaleError(.badInput, "the stride must be from 1 to the window of \(window) tokens, not \(stride)")
    }
    (self.loaded, self.window, self.stride) = (loaded, window, stride)
  }

  /// Refuses a text of fewer than two tokens.
  public func run(_ texts: [String], cells: [GridCell], onProgress: (Int) -> Void = { _ in }) throws -> Result {
    guard !texts.isEmpty else { throw TelltaleError(.badInput, "there is no text to measure; give at least one") }
    var families: [ScoredFamily] = []
    // The window's text, and how many of its scored tokens the one before has scored.
    var sources: [(text: Int, seen: Int)] = []
    for (index, text) in texts.enumerated() {
      let ids = loaded.tokenizer.encode(text, addSpecialTokens: true).ids
      guard ids.count > 1 else {
        throw TelltaleError(.badInput, "text \(index) has fewer than two tokens, so nothing to predict; remove it")
      }
      for (range, seen) in Self.windows(ids.count, window: window, stride: stride) {
        families.append(ScoredFamily(sequences: [Array(ids[range])], promptLength: 1, scoredFrom: 1))
        sources.append((index, seen))
      }
    }
    let scores = try GridScorer(loaded.model).score(families, cells: cells, onProgress: onProgress)
    let tokens = Self.totals(families.map { Double($0.sequences[0].count - 1) }, sources, texts.count) {
      $0 - Double($1)
    }
    let losses = scores.logProbabilities.map { own in
      let sums = Self.totals(own.map { $0[0] }, sources, texts.count) { -$0.dropFirst($1).reduce(0, +) }
      return zip(sums, tokens).map { $0 / $1 }
    }
    return Result(
      cells: cells, losses: losses, tokens: tokens.map { Int($0) }, effects: scores.effects, cost: scores.cost)
  }

  private static func totals<Value>(
    _ values: [Value], _ sources: [(text: Int, seen: Int)], _ count: Int, _ own: (Value, Int) -> Double
  ) -> [Double] {
    var totals = [Double](repeating: 0, count: count)
    for (value, source) in zip(values, sources) { totals[source.text] += own(value, source.seen) }
    return totals
  }

  /// The windows over `count` tokens, each with how many of its predictions (of all tokens but its first) are not its to score.
  static func windows(_ count: Int, window: Int, stride: Int) -> [(range: Range<Int>, seen: Int)] {
    var windows: [(range: Range<Int>, seen: Int)] = []
    var scored = 1
    var start = 0
    while scored < count {
      let end = min(start + window, count)
      if end - start > 1, end > scored {
        windows.append((start..<end, max(0, scored - start - 1)))
        scored = end
      }
      // A window must hold the token before the first that is still to be scored.
      start = min(start + stride, scored - 1)
    }
    return windows
  }
}
