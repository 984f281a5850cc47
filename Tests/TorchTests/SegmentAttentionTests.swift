import TestSupport
import Testing

@testable import Torch

/// Attention over packs of segments against the same attention written out in float64.
@Suite(.enabled(if: Kernel.packAttention.isOwn, "switched off, or a processor with AMX"))
struct SegmentAttentionTests {
  /// A pack: segments of these lengths, each continuing an earlier one or none (-1).
  struct Pack: Sendable, CustomStringConvertible {
    var lengths: [Int]
    var parents: [Int]

    var starts: [Int] { lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) } }
    var description: String { "\(lengths) continuing \(parents)" }

    /// The tokens that the token `place` of a segment sees, itself last.
    func seen(_ segment: Int, _ place: Int) -> [Int] {
      var chain: [Int] = []
      var ancestor = parents[segment]
      while ancestor >= 0 {
        chain = Array(starts[ancestor]..<starts[ancestor + 1]) + chain
        ancestor = parents[ancestor]
      }
      return chain + Array(starts[segment]...starts[segment] + place)
    }
  }

  static let packs = [
    Pack(lengths: [1], parents: [-1]), Pack(lengths: [130], parents: [-1]),
    Pack(lengths: [5, 0, 70, 3, 2, 40], parents: [-1, -1, -1, 0, 0, 2]),
    Pack(lengths: [33, 17, 65, 2, 2, 1], parents: [-1, 0, 0, 1, 1, 2]),
  ]

  /// - Parameter queries: the tokens that are asked about; nil for all.
  static func check(
    _ pack: Pack, heads: Int, groups: Int, dim: Int, window: Int? = nil, only queries: Set<Int>? = nil,
    dtype: DType = .bfloat16
  ) throws {
    let (starts, count) = (pack.starts, pack.starts[pack.lengths.count])
    func random(_ heads: Int, _ seed: UInt64) throws -> Tensor {
      try Tensor.randomNormal([count, heads, dim], seed: seed).converted(to: dtype)
    }
    let (q, k, v) = (try random(heads, 1), try random(groups, 2), try random(groups, 3))
    let rows = (0..<count).filter { queries?.contains($0) ?? true }
    let asked = try q.selected(0, rows)
    let scale = 1 / Double(dim).squareRoot()
    let mixed = try asked.segmentAttention(
      k, v, starts: starts.map(Int64.init), parents: pack.parents.map(Int64.init),
      queryStarts: starts.map { end in Int64(rows.count { $0 < end }) }, queryRows: rows.map(Int64.init),
      window: window,
      scale: scale)
    #expect(mixed.shape == [rows.count, heads, dim] && mixed.dtype == dtype)
    let (wide, keys, values) = (
      try q.converted(to: .float64), try k.converted(to: .float64), try v.converted(to: .float64)
    )
    for (index, row) in rows.enumerated() {
      let segment = try #require(pack.lengths.indices.first { starts[$0] <= row && row < starts[$0 + 1] })
      let seen = Array(pack.seen(segment, row - starts[segment]).suffix(window ?? count))
      for head in stride(from: 0, to: heads, by: 3) {
        let group = head / (heads / groups)
        let own = try keys.selected(0, seen).selected(1, [group]).reshaped([seen.count, dim])
        let weights = try (own.matmul(wide[row][head]) * scale).softmax(-1)  // [seen]
        let expected = try weights.matmul(values.selected(0, seen).selected(1, [group]).reshaped([seen.count, dim]))
        let difference = try (mixed[index][head].converted(to: .float64) - expected).absolute().max().scalar()
        // Weights and results are rounded to 8 bits; values go up to 4, where half a unit of the last is 0.008.
        let allowed: [DType: Double] = [.bfloat16: 0.02, .float16: 0.003, .float32: 1e-5]
        #expect(difference < allowed[dtype]!, "token \(row), head \(head)")
      }
    }
  }

  @Test("Every token attends to its segment and those it continues", arguments: packs)
  func attends(_ pack: Pack) throws {
    for dtype in FusedOperationTests.dtypes { try Self.check(pack, heads: 4, groups: 2, dim: 32, dtype: dtype) }
  }

  @Test("Heads of any even width, in groups of any size", arguments: [2, 8, 24, 48, 80, 128, 200])
  func anyWidth(_ dim: Int) throws {
    for dtype in FusedOperationTests.dtypes {
      try Self.check(Self.packs[3], heads: 4, groups: 4, dim: dim, dtype: dtype)
    }
    try Self.check(Self.packs[2], heads: 5, groups: 1, dim: dim)
  }

  @Test("A window leaves each token its last keys, across segments", arguments: [1, 7, 64, 500])
  func windows(_ window: Int) throws {
    for pack in Self.packs { try Self.check(pack, heads: 2, groups: 1, dim: 16, window: window) }
  }

  @Test("Tokens asked about get what they get among all")
  func asksFew() throws {
    for pack in Self.packs { try Self.check(pack, heads: 4, groups: 2, dim: 32, only: [0, 3, 39, 100, 118, 119]) }
  }

  @Test("A sequence has the same bits with any other sequences in the batch")
  func ignoresNeighbours() throws {
    let (q, k) = (
      try Tensor.randomNormal([100, 4, 64], seed: 1).converted(to: .bfloat16),
      try Tensor.randomNormal([100, 2, 64], seed: 2).converted(to: .bfloat16)
    )
    func rows(_ t: Tensor, _ range: Range<Int>) throws -> Tensor { try t.narrowed(0, range).contiguous() }
    let both = try q.segmentAttention(
      k, k, starts: [0, 37, 100], parents: [-1, -1], queryStarts: [0, 37, 100], queryRows: (0..<100).map { $0 },
      scale: 0.1)
    let alone = try rows(q, 37..<100).segmentAttention(
      rows(k, 37..<100), rows(k, 37..<100), starts: [0, 63], parents: [-1], queryStarts: [0, 63],
      queryRows: (0..<63).map { $0 }, scale: 0.1)
    #expect(try rows(both, 37..<100).doubles() == alone.doubles())
  }

  @Test("A NaN among the keys shows in every token that sees it")
  func keepsNaN() throws {
    var keys = [Float](repeating: 1, count: 3 * 16)
    keys[16] = .nan
    let k = try Tensor(keys, shape: [3, 1, 16]).converted(to: .bfloat16)
    let q = try Tensor.ones([3, 1, 16], dtype: .bfloat16)
    let mixed = try q.segmentAttention(
      k, q, starts: [0, 3], parents: [-1], queryStarts: [0, 3], queryRows: [0, 1, 2], scale: 1)
    #expect(try mixed.isFinite().doubles() == Array(repeating: 1, count: 16) + Array(repeating: 0, count: 32))
  }

  @Test("Segments that do not fit, other element types and recorded gradients are refused")
  func refuses() throws {
    let x = try Tensor.ones([4, 2, 16], dtype: .bfloat16)
    func attend(
      _ q: Tensor, starts: [Int64] = [0, 4], parents: [Int64] = [-1], queryStarts: [Int64] = [0, 4],
      queryRows: [Int64] = [0, 1, 2, 3]
    ) throws {
      _ = try q.segmentAttention(
        q, q, starts: starts, parents: parents, queryStarts: queryStarts, queryRows: queryRows, scale: 1)
    }
    try attend(x)
    try attend(x.converted(to: .float32))
    expectError(.invalidArgument) { try attend(x, starts: [0, 3]) }
    expectError(.invalidArgument) { try attend(x, starts: [0, 2, 4], parents: [1, -1], queryStarts: [0, 2, 4]) }
    expectError(.invalidArgument) { try attend(x, queryRows: [0, 1, 2, 4]) }
    expectError(.invalidArgument) { try attend(x, queryRows: [0, 2, 1, 3]) }
    expectError(.invalidArgument) { try attend(x, queryRows: [0]) }
    expectError(.invalidArgument) { try attend(x, starts: [0, 2, 4]) }
    expectError(.invalidArgument) { try attend(x.converted(to: .float64)) }
    expectError(.invalidArgument) { try recordingGradients { try attend(x) } }
  }
}
