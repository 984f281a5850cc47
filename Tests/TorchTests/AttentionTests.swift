import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("Scaled dot-product attention")
struct AttentionTests {
  /// softmax(scale q k^T + mask) v, written out.
  static func explicit(_ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, scale: Double) throws -> Tensor {
    var scores = try q.matmul(k.transposed(-1, -2)) * scale
    if let mask { scores = try scores + mask }
    return try scores.softmax(-1).matmul(v)
  }

  static func random(_ shape: [Int], seed: UInt64) throws -> Tensor {
    try Tensor.randomNormal(shape, dtype: .float64, seed: seed)
  }

  /// 0 where the key is not after the query, minus infinity elsewhere.
  static func causalMask(_ count: Int) throws -> Tensor {
    let allowed = try Tensor.ones([count, count]).lowerTriangle().greater(than: 0)
    let zero = try Tensor.zeros([], dtype: .float64)
    return try zero.selected(where: allowed, otherwise: Tensor.full([], -.infinity, dtype: .float64))
  }

  @Test("One query over two keys, computed by hand")
  func byHand() throws {
    let q = try Tensor([1, 0] as [Double], shape: [1, 1, 1, 2])
    let k = try Tensor([log(3.0), 0, 0, 5] as [Double], shape: [1, 1, 2, 2])
    let v = try Tensor([1, 10, 5, 50] as [Double], shape: [1, 1, 2, 2])
    // Scores log 3 and 0: weights 3/4 and 1/4.
    try expectClose(q.attention(k, v, scale: 1), [2, 20], shape: [1, 1, 1, 2], tolerance: 1e-14)
    try expectClose(q.attention(k, v, scale: 0), [3, 30], shape: [1, 1, 1, 2], tolerance: 1e-14)
  }

  @Test("It agrees with softmax(QK^T)V written out in float64", arguments: [(1, 1), (3, 3), (5, 40), (70, 130)])
  func againstExplicit(_ queries: Int, _ keys: Int) throws {
    let q = try Self.random([2, 3, queries, 16], seed: 1)
    let (k, v) = try (Self.random([2, 3, keys, 16], seed: 2), Self.random([2, 3, keys, 16], seed: 3))
    let expected = try Self.explicit(q, k, v, mask: nil, scale: 0.25)
    try expectClose(q.attention(k, v, scale: 0.25), expected.doubles(), shape: q.shape, tolerance: 1e-13)
    let single = try q.converted(to: .float32).attention(
      k.converted(to: .float32), v.converted(to: .float32), scale: 0.25)
    try expectClose(single, expected.doubles(), shape: q.shape, tolerance: 1e-5)
    let half = try q.converted(to: .bfloat16).attention(
      k.converted(to: .bfloat16), v.converted(to: .bfloat16), scale: 0.25)
    #expect(half.dtype == .bfloat16)
    #expect(try (half.converted(to: .float64) - expected).absolute().max().scalar() < 0.05)
  }

  @Test("Causal attention, a causal mask and the written-out form agree", arguments: [1, 2, 33])
  func causal(_ count: Int) throws {
    let (q, k) = try (Self.random([1, 2, count, 8], seed: 4), Self.random([1, 2, count, 8], seed: 5))
    let v = try Self.random([1, 2, count, 8], seed: 6)
    let mask = try Self.causalMask(count)
    let expected = try Self.explicit(q, k, v, mask: mask, scale: 0.5).doubles()
    try expectClose(q.attention(k, v, causal: true, scale: 0.5), expected, shape: q.shape, tolerance: 1e-13)
    try expectClose(q.attention(k, v, mask: mask, scale: 0.5), expected, shape: q.shape, tolerance: 1e-13)
    try expectClose(q.attention(k, v, causal: true, scale: 0.5)[0][0][0], v[0][0][0].doubles(), tolerance: 1e-14)
  }

  @Test("A mask broadcasts over sequences, heads and queries")
  func broadcastMasks() throws {
    let (q, k) = try (Self.random([2, 2, 3, 4], seed: 7), Self.random([2, 2, 5, 4], seed: 8))
    let v = try Self.random([2, 2, 5, 4], seed: 9)
    for shape in [[5], [3, 5], [2, 1, 1, 5], [1, 2, 3, 5], [2, 2, 3, 5], [3, 1]] {
      let mask = try Self.random(shape, seed: 10)
      let expected = try Self.explicit(q, k, v, mask: mask, scale: 1).doubles()
      try expectClose(q.attention(k, v, mask: mask, scale: 1), expected, shape: q.shape, tolerance: 1e-13)
    }
  }

  @Test(
    "A query that may see no key gets zeros, and its neighbours are untouched", arguments: [DType.float32, .bfloat16])
  func fullyMasked(_ dtype: DType) throws {
    let x = try Tensor.ones([1, 1, 2, 4], dtype: dtype)
    let mask = try Tensor([0, 0, -Float.infinity, -.infinity], shape: [2, 2]).converted(to: dtype)
    let expected: [Double] = [1, 1, 1, 1, 0, 0, 0, 0]
    try expectClose(x.attention(x, x, mask: mask, scale: 1), expected, shape: [1, 1, 2, 4])
  }

  @Test("Attention over transposed views and over no queries works")
  func views() throws {
    let packed = try Self.random([3, 2, 4], seed: 11)  // [tokens, heads, dim]
    let view = try packed.transposed(0, 1).unsqueezed(0)
    let expected = try Self.explicit(view, view, view, mask: nil, scale: 1).doubles()
    try expectClose(view.attention(view, view, scale: 1), expected, shape: [1, 2, 3, 4], tolerance: 1e-13)
    #expect(
      try Tensor.zeros([1, 2, 0, 4]).attention(Tensor.zeros([1, 2, 3, 4]), Tensor.zeros([1, 2, 3, 4]), scale: 1).shape
        == [1, 2, 0, 4])
  }

  @Test("Shapes that do not fit are refused, never read past their end")
  func wrongShapes() throws {
    let q = try Tensor.zeros([2, 2, 3, 8])
    let wrong = [[2, 2, 5, 4], [1, 2, 5, 8], [2, 4, 5, 8], [2, 2, 8], [2]]
    for shape in wrong {
      let other = try Tensor.zeros(shape)
      expectError(.invalidArgument) { try q.attention(other, other, scale: 1) }
    }
    let (short, long) = try (Tensor.zeros([2, 2, 4, 8]), Tensor.zeros([2, 2, 4000, 8]))
    expectError(.invalidArgument) { try q.attention(short, long, scale: 1) }
    expectError(.invalidArgument) { try q.attention(long, short, scale: 1) }
    expectError(.invalidArgument) { try q.attention(short, short.converted(to: .float64), scale: 1) }
    expectError(.invalidArgument) { try q.attention(short, short, causal: true, scale: 1) }
  }

  @Test("Masks that do not fit are refused")
  func wrongMasks() throws {
    let q = try Tensor.zeros([2, 2, 3, 8])
    for shape in [[3, 4], [2, 3], [1, 2, 2, 3, 3], [3, 3, 3]] {
      expectError(.invalidArgument) { try q.attention(q, q, mask: Tensor.zeros(shape), scale: 1) }
    }
    expectError(.invalidArgument) { try q.attention(q, q, mask: Tensor.zeros([3, 3], dtype: .float64), scale: 1) }
    expectError(.invalidArgument) { try q.attention(q, q, mask: Tensor.zeros([3, 3], dtype: .bool), scale: 1) }
    expectError(.invalidArgument) { try q.attention(q, q, mask: Tensor.zeros([3, 3]), causal: true, scale: 1) }
  }

  @Test("Sequences side by side give what each gives alone, written out", arguments: [nil, 3] as [Int?])
  func sideBySide(_ window: Int?) throws {
    // Three sequences: as many queries as keys, a few queries at the end of more keys, one query.
    let (queries, keys) = ([4, 2, 1], [4, 7, 5])
    let (queryStarts, keyStarts): ([Int32], [Int32]) = ([0, 4, 6, 7], [0, 4, 11, 16])
    let q = try Self.random([7, 4, 8], seed: 1)
    let (k, v) = try (Self.random([16, 2, 8], seed: 2), Self.random([16, 2, 8], seed: 3))
    let mixed = try q.varlenAttention(
      k, v, queryStarts: Tensor(queryStarts), keyStarts: Tensor(keyStarts), longest: (4, 7), window: window, scale: 0.5)
    for sequence in 0..<3 {
      let own = Int(queryStarts[sequence])..<Int(queryStarts[sequence + 1])
      let past = Int(keyStarts[sequence])..<Int(keyStarts[sequence + 1])
      let hidden = (0..<queries[sequence]).flatMap { query in
        (0..<keys[sequence]).map { key in
          let place = keys[sequence] - queries[sequence] + query
          return key <= place && key > place - (window ?? 100) ? 0.0 : -.infinity
        }
      }
      let mask = try Tensor(hidden, shape: [queries[sequence], keys[sequence]])
      for head in 0..<4 {
        func one(_ t: Tensor, _ rows: Range<Int>, _ head: Int) throws -> Tensor {
          try t.narrowed(0, rows).transposed(0, 1)[head]
        }
        let expected = try Self.explicit(
          one(q, own, head), one(k, past, head / 2), one(v, past, head / 2), mask: mask, scale: 0.5)
        try expectClose(one(mixed, own, head), expected.doubles(), shape: expected.shape, tolerance: 1e-13)
      }
    }
  }

  @Test("Starts that are not int32, or of another number of sequences, are refused")
  func refusesStarts() throws {
    let q = try Self.random([4, 2, 8], seed: 1)
    func attend(_ queryStarts: Tensor, _ keyStarts: Tensor) throws -> Tensor {
      try q.varlenAttention(q, q, queryStarts: queryStarts, keyStarts: keyStarts, longest: (4, 4), scale: 1)
    }
    let good = try Tensor([0, 4] as [Int32])
    let cut = try Tensor([0, 2, 4] as [Int32])
    let wide = try Tensor([0, 4] as [Int])
    expectError(.invalidArgument) { try attend(good, cut) }
    expectError(.invalidArgument) { try attend(wide, good) }
  }
}
