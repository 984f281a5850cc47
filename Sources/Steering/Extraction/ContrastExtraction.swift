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

/// Mean-difference extraction: runs both halves of every pair and averages the difference of their activations.
///
/// The common prefix of a pair is computed once, sequences are packed without padding by a token budget, and nothing is
/// computed above the last layer asked for. Means are accumulated in float64.
public struct ContrastExtraction {
  public struct Result: Sendable {
    /// By layer [hidden]: mean over pairs of positive minus negative.
    public var difference: [Int: [Double]]
    /// By layer [hidden]: mean over both halves of all pairs.
    public var mean: [Int: [Double]]
    /// By layer: mean Euclidean norm of the activations read.
    public var residualNorm: [Int: Double]
    /// By layer: cosine of the vectors of two random halves, stepped up to the whole by Spearman-Brown, averaged over
    /// splits; nil where there are fewer than two pairs.
    public var reliability: [Int: Double]
    /// Whether the halves were drawn over groups (true) or, with a single group, over pairs.
    public var halvesByGroup: Bool
    public var pairs: Int
    /// The differences of the first pairs given, float32 [pairs, layers, hidden] in their order, where they were asked for.
    public var pairDifferences: Tensor?
    /// Tokens computed, and what they would have been without shared prefixes.
    public var tokensComputed = 0
    public var tokensGiven = 0
  }

  private let model: LanguageModel
  private let layers: [Int]
  private let tokenBudget: Int

  public init(_ model: LanguageModel, layers: [Int], tokenBudget: Int = 4096) throws {
    try model.check(layers: layers)
    guard !layers.isEmpty else { throw SteeringError(.badInput, "no layers were asked for; name at least one") }
    self.model = model
    self.layers = layers
    self.tokenBudget = tokenBudget
  }

  /// - Parameters:
  ///   - splits: how many random halvings the reliability averages over.
  ///   - keepsDifferences: whether the result holds the pairs' differences: of as many as fit into 1 GiB.
  public func run(
    _ pairs: [ReadablePair], seed: UInt64, splits: Int = 20, keepsDifferences: Bool = false,
    onProgress: (Int) -> Void = { _ in }
  ) throws -> Result {
    guard !pairs.isEmpty else {
      throw SteeringError(.badInput, "there are no pairs to extract from; give at least one")
    }
    let halves = Halves(pairs.map(\.group), splits: splits, seed: seed)
    var sums = try DifferenceSums(layers: layers, hidden: model.configuration.hiddenSize, splits: halves.splits)
    let order = pairs.indices.sorted { (pairs[$0].length, $0) < (pairs[$1].length, $1) }
    var given = 0
    var done = 0
    var kept = KeptDifferences(pairs.count, width: keepsDifferences ? layers.count * model.configuration.hiddenSize : 0)
    for chunk in Self.chunks(order, budget: tokenBudget, cost: { pairs[$0].cost }) {
      let batch = PackedBatch(families: chunk.map { [pairs[$0].positive.ids, pairs[$0].negative.ids] })
      let streams = try read(batch, chunk.flatMap { [pairs[$0].positive.read, pairs[$0].negative.read] })
      let differences = try sums.add(streams, halves: chunk.map { halves.sides[$0] })
      try kept.add(differences, of: chunk)
      sums.tokens += batch.tokens.count
      given += chunk.reduce(0) { $0 + pairs[$1].positive.ids.count + pairs[$1].negative.ids.count }
      done += chunk.count
      onProgress(done)
    }
    var result = try sums.result(halvesByGroup: halves.byGroup)
    result.tokensGiven = given
    result.pairDifferences = try kept.inOrder()
    try Self.refuseIdentical(result)
    return result
  }

  /// The activations at the read positions of a pack's sequences: float64 [sequences, layers, hidden].
  private func read(_ batch: PackedBatch, _ reads: [Range<Int>]) throws -> Tensor {
    var places: [Int] = []
    var ends: [Int] = []
    for (sequence, read) in reads.enumerated() {
      places += read.map { batch.index(of: sequence, position: $0) }
      ends.append(places.count)
    }
    let output = try model.forward(batch, taps: Taps(layers: layers, tokens: .tokens(places)))
    let streams = try Tensor.stacked(layers.compactMap { output.residuals[$0] }, 1)  // [places, layers, hidden]
    let wide = try streams.moved(to: .cpu).converted(to: .float64)
    if places.count == reads.count { return wide }
    var start = 0
    var means: [Tensor] = []
    for end in ends {
      means.append(try wide.narrowed(0, start..<end).mean(0))
      start = end
    }
    return try Tensor.stacked(means)
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

  /// Both halves of every pair read at the same token with the same past: a position before the difference.
  private static func refuseIdentical(_ result: Result) throws(SteeringError) {
    if result.difference.values.allSatisfy({ $0.allSatisfy { $0 == 0 } }) {
      throw SteeringError(
        .badInput,
        "both halves of every pair are identical up to the read position, so the vector would be zero; "
          + "read at the answer (--read answer), or give pairs whose prompts differ")
    }
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
