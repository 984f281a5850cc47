import Foundations
import LanguageModels
import Torch

/// Two readable texts whose activations are compared, and the group they belong to.
public struct ReadablePair: Sendable {
  public var positive: ReadableText
  public var negative: ReadableText
  /// The distinct question: halves for the reliability are drawn over these.
  public var group: String

  public init(positive: ReadableText, negative: ReadableText, group: String) {
    self.positive = positive
    self.negative = negative
    self.group = group
  }
}

/// Runs both halves of every pair and makes a direction per layer of their activations.
///
/// The common prefix of a pair is computed once, sequences are packed without padding by a token budget, and nothing is
/// computed above the last layer asked for. Means are accumulated in float64; other estimators need all activations.
public struct ContrastExtraction: Sendable {
  public struct Result: Sendable {
    /// By layer [hidden]: what the estimator makes of the pairs; by default the mean of positive minus negative.
    public var difference: [Int: [Double]]
    /// By layer [hidden]: mean over both halves of all pairs.
    public var mean: [Int: [Double]]
    /// By layer: mean Euclidean norm of the activations read.
    public var residualNorm: [Int: Double]
    /// By layer: cosine of the vectors of two random halves, stepped up to the whole by Spearman-Brown, averaged over
    /// splits; nil where there are fewer than two pairs.
    public var reliability: [Int: Double]
    /// By layer: the share of held-out pairs whose difference projects positively on the direction of the other half; not
    /// computed for the mean, whose pairs are not kept.
    public var heldOut: [Int: Double] = [:]
    /// Whether the halves were drawn over groups (true) or, with a single group, over pairs.
    public var halvesByGroup: Bool
    public var pairs: Int
    /// The differences of the first pairs given, float32 [pairs, layers, hidden] in their order, where they were asked for.
    public var pairDifferences: Tensor?
    /// Tokens computed, and what they would have been without shared prefixes.
    public var tokensComputed = 0
    public var tokensGiven = 0
  }

  private let reader: ActivationReader
  private let tokenBudget: Int

  public init(_ model: LanguageModel, layers: [Int], tokenBudget: Int = 4096) throws {
    reader = try ActivationReader(model, layers: layers)
    self.tokenBudget = tokenBudget
  }

  /// - Parameters:
  ///   - splits: how many random halvings the reliability averages over.
  ///   - keepsDifferences: whether the result holds the pairs' differences: of as many as fit into 1 GiB.
  public func run(
    _ pairs: [ReadablePair], estimator: Estimator = .mean, seed: UInt64, splits: Int = 20,
    keepsDifferences: Bool = false, onProgress: (Int) -> Void = { _ in }
  ) throws -> Result {
    guard !pairs.isEmpty else {
      throw TelltaleError(.badInput, "there are no pairs to extract from; give at least one")
    }
    var estimation = try PairEstimation(
      groups: pairs.map(\.group), layers: reader.layers, hidden: reader.hidden, estimator: estimator, seed: seed,
      splits: splits, keepsDifferences: keepsDifferences, device: reader.device)
    // A pass is looked at once the next one is under way, so that a GPU does not wait for the host.
    var pending: ActivationReader.Reading?
    let order = pairs.indices.sorted { (pairs[$0].length, $0) < (pairs[$1].length, $1) }
    let chunks = Self.chunks(order, budget: tokenBudget, cost: { pairs[$0].cost })
    try ConcurrentPasses.run(chunks.count, on: reader.passesTogether) {
      try launch(chunks[$0].map { pairs[$0] })
    } then: { index, pass in
      try estimation.add(pass.reading.streams, of: chunks[index])
      try pending.map(reader.check)
      pending = pass.reading
      estimation.tokensComputed += pass.tokens
      estimation.tokensGiven += chunks[index].reduce(0) {
        $0 + pairs[$1].positive.ids.count + pairs[$1].negative.ids.count
      }
      onProgress(estimation.pairs)
    }
    try pending.map(reader.check)
    return try estimation.result(
      ifZero: "both halves of every pair are identical up to the read position, so the vector would be zero; "
        + "read at the answer (--read answer), or give pairs whose prompts differ")
  }

  /// Starts a pass over pairs, and says how many tokens it computes.
  private func launch(_ pairs: [ReadablePair]) throws -> (reading: ActivationReader.Reading, tokens: Int) {
    let batch = PackedBatch(families: pairs.map { [$0.positive.ids, $0.negative.ids] })
    return (try reader.launch(batch, pairs.flatMap { [$0.positive.read, $0.negative.read] }), batch.tokens.count)
  }

  /// Consecutive pieces of `order` whose cost fits the budget; a piece that alone exceeds it goes alone.
  static func chunks(_ order: [Int], budget: Int, cost: (Int) -> Int) -> [[Int]] {
    var chunks: [[Int]] = []
    var total = 0
    for index in order {
      let own = cost(index)
      if chunks.isEmpty || total + own > budget {
        chunks.append([])
        total = 0
      }
      chunks[chunks.count - 1].append(index)
      total += own
    }
    return chunks
  }
}

extension ReadablePair {
  /// The length that packing sorts by.
  var length: Int { max(positive.ids.count, negative.ids.count) }

  /// Tokens that a pack computes for the pair.
  var cost: Int {
    positive.ids.count + negative.ids.count - PackedBatch.commonPrefix([positive.ids, negative.ids])
  }
}
