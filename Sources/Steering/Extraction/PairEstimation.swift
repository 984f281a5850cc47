import Foundations
import LanguageModels
import Torch

/// Takes the activations of pairs as passes deliver them, in any order, and makes directions of them.
///
/// For the mean only sums are kept, so that memory does not grow with the pairs; other estimators keep all activations.
package struct PairEstimation {
  package struct Result: Sendable {
    /// By layer [hidden]: what the estimator makes of the pairs; by default the mean of positive minus negative.
    package var difference: [Int: [Double]]
    /// By layer [hidden]: mean over both halves of all pairs.
    var mean: [Int: [Double]]
    /// By layer: mean Euclidean norm of the activations read.
    var residualNorm: [Int: Double] = [:]
    /// By layer: cosine of the vectors of two random halves, stepped up to the whole by Spearman-Brown, averaged over
    /// splits; nil where there are fewer than two pairs.
    var reliability: [Int: Double] = [:]
    /// By layer: the share of held-out pairs whose difference projects positively on the direction of the other half; not
    /// computed for the mean, whose pairs are not kept.
    var heldOut: [Int: Double] = [:]
    /// Whether the halves were drawn over groups (true) or, with a single group, over pairs.
    var halvesByGroup: Bool
    var pairs: Int
    /// The differences of the first pairs given, float32 [pairs, layers, hidden] in their order, where they were asked for.
    var pairDifferences: Tensor?
    package var tokensComputed = 0
  }

  private let layers: [Int]
  private let estimator: Estimator
  private let winsorising: Winsorising?
  private let halves: Halves
  private var sums: DifferenceSums
  private var differences: KeptDifferences
  private var activations: KeptActivations?
  var tokensComputed = 0

  /// How many pairs have come in.
  var pairs: Int { sums.count }

  /// - Parameters:
  ///   - groups: of all pairs that may come.
  ///   - device: where their activations lie.
  init(
    groups: [String], layers: [Int], hidden: Int, estimator: Estimator, seed: UInt64, splits: Int,
    keepsDifferences: Bool, winsorising: Winsorising? = nil, device: Device = .cpu
  ) throws {
    (self.layers, self.estimator, self.winsorising) = (layers, estimator, winsorising)
    halves = Halves(groups, splits: splits, seed: seed)
    let isMean = estimator == .mean
    sums = try DifferenceSums(layers: layers, hidden: hidden, splits: isMean ? halves.splits : 0, device: device)
    differences = KeptDifferences(groups.count, width: keepsDifferences ? layers.count * hidden : 0)
    activations = isMean ? nil : try KeptActivations(pairs: groups.count, width: layers.count * hidden)
  }

  /// - Parameters:
  ///   - streams: float64 [2 * pairs, layers, hidden], positive and negative in turn.
  ///   - pairs: their numbers.
  mutating func add(_ streams: Tensor, of pairs: [Int]) throws {
    let streams = try winsorising?(streams) ?? streams
    let own = try sums.add(streams, halves: pairs.map { estimator == .mean ? halves.sides[$0] : [] })
    try differences.add(own, of: pairs)
    try activations?.add(streams, of: pairs)
  }

  /// - Parameter reason: what to say where no pair differs at any layer.
  func result(ifZero reason: String) throws -> Result {
    var result = try sums.result(halvesByGroup: halves.byGroup)
    result.tokensComputed = tokensComputed
    result.pairDifferences = try differences.inOrder()
    if result.difference.values.allSatisfy({ $0.allSatisfy { $0 == 0 } }) { throw TelltaleError(.badInput, reason) }
    guard let kept = try activations?.inOrder() else { return result }
    let sides = kept.pairs.map { halves.sides[$0] }
    let bytes = 8 * 8 * kept.streams.count / layers.count
    let estimates = try LayerEstimate.all(layers, estimator, splits: halves.splits, sides: sides, bytes: bytes) {
      try LabelledActivations(pairs: kept.streams, layer: $0)
    }
    for (layer, estimate) in zip(layers, estimates) {
      result.difference[layer] = estimate.direction
      result.reliability[layer] = estimate.reliability
      result.heldOut[layer] = estimate.heldOut
    }
    return result
  }
}

/// The activations of all pairs, for estimators that cannot do with sums.
struct KeptActivations {
  /// What the activations of one extraction may take, in bytes.
  private static let largest = 8 << 30
  private var pairs: [Int] = []
  private var parts: [Tensor] = []

  /// - Parameter width: numbers a side, layers times hidden size.
  init(pairs: Int, width: Int) throws(TelltaleError) {
    let (bytes, overflow) = pairs.multipliedReportingOverflow(by: 2 * 4 * width)
    guard !overflow, bytes <= Self.largest else {
      throw TelltaleError(
        .badInput,
        "the activations of \(pairs) pairs take more than the \(Self.largest >> 30) GiB that an estimator other than mean "
          + "may hold; take fewer pairs, fewer layers, or the mean", remedy: .takeFewer)
    }
  }

  mutating func add(_ streams: Tensor, of chunk: [Int]) throws(TelltaleError) {
    let shape = [chunk.count, 2] + streams.shape.dropFirst()
    parts.append(try streams.reshaped(shape).converted(to: .float32, device: .cpu))
    pairs += chunk
  }

  /// Float32 [pairs, 2, layers, hidden], and which pairs, in ascending order.
  func inOrder() throws(TelltaleError) -> (streams: Tensor, pairs: [Int]) {
    let order = pairs.indices.sorted { pairs[$0] < pairs[$1] }
    return (try Tensor.concatenated(parts).selected(0, order), order.map { pairs[$0] })
  }
}

extension LabelledActivations {
  /// - Parameter streams: [pairs, 2, layers, hidden].
  init(pairs streams: Tensor, layer index: Int) throws {
    let (count, hidden) = (streams.size(0), streams.size(3))
    let own = try streams.narrowed(2, index..<index + 1).reshaped([count, 2, hidden]).converted(to: .float64)
    positive = try own.narrowed(1, 0..<1).reshaped([count, hidden])
    negative = try own.narrowed(1, 1..<2).reshaped([count, hidden])
    arePairs = true
  }
}
