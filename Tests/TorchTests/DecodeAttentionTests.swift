import Testing

@testable import Torch

/// Attention of one new token a sequence over its own length against libtorch's in float64.
@Suite struct DecodeAttentionTests {
  static let lengths = [1, 3, 17, 40]

  /// Queries [4, 2, queries, dim], keys and values as views [4, 2, 40, dim] of longer caches.
  static func tensors(_ dtype: DType, queries: Int, dim: Int) throws -> (q: Tensor, k: Tensor, v: Tensor) {
    func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
      try Tensor.randomNormal(shape, seed: seed).converted(to: dtype)
    }
    let caches = try [2, 3].map { try random([4, 2, 50, dim], $0).narrowed(2, 0..<40) }
    return (try random([4, 2, queries, dim], 1) * 2, caches[0], caches[1])
  }

  static let dtypes = [DType.float32, .bfloat16, .float16]

  @Test("Equals libtorch's attention of each sequence alone", arguments: [1, 4, 6], [nil, 5] as [Int?])
  func equalsTheComposed(_ queries: Int, _ window: Int?) throws {
    for dtype in Self.dtypes {
      for dim in [20, 32, 128] {
        let (q, k, v) = try Self.tensors(dtype, queries: queries, dim: dim)
        let found = try q.attentionByLength(k, v, lengths: Self.lengths, window: window, scale: 0.1)
        #expect(found.dtype == dtype && found.shape == q.shape)
        for (sequence, length) in Self.lengths.enumerated() {
          func exact(_ t: Tensor, _ range: Range<Int>) throws -> Tensor {
            try t.narrowed(0, sequence..<sequence + 1).narrowed(2, range).converted(to: .float64)
          }
          let seen = max(0, length - (window ?? length))..<length
          let expected = try exact(q, 0..<queries).attention(exact(k, seen), exact(v, seen), scale: 0.1)
          let own = try found[sequence].converted(to: .float64)
          #expect(try FusedOperationTests.distance(own, expected[0]) < (dtype == .float32 ? 1e-5 : 0x1p-8))
        }
      }
    }
  }

  @Test("A key that is not a number shows, and sequences without it stay as they are")
  func showsNaN() throws {
    for dtype in Self.dtypes {
      var (q, k, v) = try Self.tensors(dtype, queries: 4, dim: 32)
      let clean = try q.attentionByLength(k, v, lengths: Self.lengths, scale: 0.1)
      let broken = try Tensor([1, 1, .nan, 1] as [Float], shape: [4, 1, 1, 1]).converted(to: dtype)
      (k, v) = (try k * broken, try v * 1)
      let found = try q.attentionByLength(k, v, lengths: Self.lengths, scale: 0.1)
      #expect(try found[2].doubles().allSatisfy { $0.isNaN })
      for sequence in [0, 1, 3] { #expect(try found[sequence].doubles() == clean[sequence].doubles()) }
    }
  }
}
