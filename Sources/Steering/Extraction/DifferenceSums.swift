import Foundations
import LanguageModels
import Torch

/// Random halvings of pairs, by group where there are several: the halves of a split share no question.
struct Halves {
  let splits: Int
  let byGroup: Bool
  /// By pair, by split: +1 or -1.
  let sides: [[Double]]

  init(_ groups: [String], splits: Int, seed: UInt64) {
    let distinct = Array(Set(groups)).sorted()
    byGroup = distinct.count > 1
    self.splits = groups.count > 1 ? splits : 0
    let units = byGroup ? groups : groups.indices.map(String.init)
    let names = byGroup ? distinct : units
    var generator = SeededGenerator(seed: seed)
    var sides = Array(repeating: [Double](), count: groups.count)
    for _ in 0..<self.splits {
      let shuffled = generator.shuffled(names)
      let first = Set(shuffled.prefix(shuffled.count / 2))
      for pair in sides.indices { sides[pair].append(first.contains(units[pair]) ? 1 : -1) }
    }
    self.sides = sides
  }

  /// The cosine of the halves' vectors, averaged over splits, stepped up to the whole by Spearman-Brown; a mean below
  /// zero, which is no reliability at all, is given as it is. Splits without a cosine (NaN) do not count; nil without any.
  static func reliability(_ cosines: [Double]) -> Double? {
    let defined = cosines.filter(\.isFinite)
    if defined.isEmpty { return nil }
    let mean = defined.reduce(0, +) / Double(defined.count)
    return mean > 0 ? 2 * mean / (1 + mean) : mean
  }
}

/// Running sums of the differences of pairs, whole and by halves, in float64, on the device that computes the pairs: what
/// they are made of never leaves it.
struct DifferenceSums {
  private let layers: [Int]
  private let splits: Int
  private(set) var count = 0
  private var difference: Tensor  // [layers, hidden]
  private var mean: Tensor  // [layers, hidden]
  private var norms: Tensor  // [layers]
  /// Sums of the differences of each half: [splits, layers * hidden]. Their cosine is that of the means.
  private var first: Tensor
  private var second: Tensor

  init(layers: [Int], hidden: Int, splits: Int, device: Device = .cpu) throws(TelltaleError) {
    self.layers = layers
    self.splits = splits
    difference = try Tensor.zeros([layers.count, hidden], dtype: .float64, device: device)
    mean = difference
    norms = try Tensor.zeros([layers.count], dtype: .float64, device: device)
    first = try Tensor.zeros([splits, layers.count * hidden], dtype: .float64, device: device)
    second = first
  }

  /// Adds pairs: `streams` float64 [2 * pairs, layers, hidden], positive and negative in turn. Returns their differences,
  /// float64 [pairs, layers, hidden].
  @discardableResult
  mutating func add(_ streams: Tensor, halves: [[Double]]) throws(TelltaleError) -> Tensor {
    let pairs = halves.count
    let sides = try streams.reshaped([pairs, 2, layers.count, -1])
    let positive = try sides.narrowed(1, 0..<1)
    let negative = try sides.narrowed(1, 1..<2)
    let differences = try (positive - negative).reshaped([pairs, layers.count, -1])
    difference = try difference + differences.sum(0)
    mean = try mean + streams.sum(0)
    norms = try norms + streams.norm(-1).sum(0)
    count += pairs
    if splits > 0 { try addHalves(differences.reshaped([pairs, -1]), halves) }
    return differences
  }

  private mutating func addHalves(_ differences: Tensor, _ halves: [[Double]]) throws(TelltaleError) {
    let signs = try Tensor(halves.flatMap { $0 }, shape: [halves.count, splits]).transposed(0, 1)  // [splits, pairs]
    let inFirst = try signs.greater(than: 0).converted(to: .float64, device: differences.device)
    first = try first + inFirst.matmul(differences)
    second = try second + (-(inFirst) + 1).matmul(differences)
  }

  func result(halvesByGroup: Bool) throws(TelltaleError) -> PairEstimation.Result {
    let pairs = Double(count)
    var result = PairEstimation.Result(
      difference: try byLayer(difference / pairs), mean: try byLayer(mean / (2 * pairs)), halvesByGroup: halvesByGroup,
      pairs: count)
    let norm = try (norms / (2 * pairs)).doubles()
    let reliability = try reliabilities()
    for (index, layer) in layers.enumerated() {
      result.residualNorm[layer] = norm[index]
      result.reliability[layer] = reliability[index]
    }
    return result
  }

  /// By layer; nil without splits.
  private func reliabilities() throws(TelltaleError) -> [Double?] {
    guard splits > 0 else { return layers.map { _ in nil } }
    let a = try first.reshaped([splits, layers.count, -1])
    let b = try second.reshaped([splits, layers.count, -1])
    let cosines = try ((a * b).sum(-1) / (a.norm(-1) * b.norm(-1))).doubles()
    return layers.indices.map { layer in Halves.reliability((0..<splits).map { cosines[$0 * layers.count + layer] }) }
  }

  private func byLayer(_ t: Tensor) throws(TelltaleError) -> [Int: [Double]] {
    var rows: [Int: [Double]] = [:]
    for (index, layer) in layers.enumerated() { rows[layer] = try t[index].doubles() }
    return rows
  }
}

/// Differences of single pairs, kept for null vectors: those of the first pairs, as many as fit into 1 GiB.
struct KeptDifferences {
  private let limit: Int
  private var indices: [Int] = []
  private var parts: [Tensor] = []

  /// - Parameter width: numbers a pair, layers times hidden size; 0 keeps none.
  init(_ pairs: Int, width: Int) { limit = width == 0 ? 0 : min(pairs, (1 << 30) / (4 * width)) }

  /// Takes `differences` [pairs, layers, hidden] of the pairs `chunk`.
  mutating func add(_ differences: Tensor, of chunk: [Int]) throws(TelltaleError) {
    let places = chunk.indices.filter { chunk[$0] < limit }
    guard !places.isEmpty else { return }
    parts.append(try differences.selected(0, places).converted(to: .float32, device: .cpu))
    indices += places.map { chunk[$0] }
  }

  /// Float32 [pairs, layers, hidden] in the order of the pairs; nil where none was kept.
  func inOrder() throws(TelltaleError) -> Tensor? {
    guard !parts.isEmpty else { return nil }
    return try Tensor.concatenated(parts).selected(0, indices.indices.sorted { indices[$0] < indices[$1] })
  }
}
