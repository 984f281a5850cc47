import Foundation
import TestSupport
import Testing

@testable import Torch

/// Attention with capped scores and with sinks, against the same written out in float64.
@Suite struct ShapedAttentionTests {
  /// How scores are made.
  struct Shape: Sendable, CustomStringConvertible {
    var cap: Double?
    var hasSinks: Bool
    var description: String { "cap \(cap ?? 0)\(hasSinks ? ", sinks" : "")" }
  }

  static let shapes = [
    Shape(cap: 0.7, hasSinks: false), Shape(cap: nil, hasSinks: true), Shape(cap: 0.7, hasSinks: true),
    Shape(cap: nil, hasSinks: false),
  ]

  /// One query [dim] over keys and values [seen, dim], all float64.
  private static func reference(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Double, _ shape: Shape, sink: Double
  ) throws -> Tensor {
    var scores = try k.matmul(q).doubles().map { $0 * scale }
    if let cap = shape.cap { scores = scores.map { cap * tanh($0 / cap) } }
    let weights = scores.map(exp)
    let total = weights.reduce(shape.hasSinks ? exp(sink) : 0, +)
    return try Tensor(weights.map { $0 / total }).matmul(v)
  }

  private static func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64) - b.converted(to: .float64)).absolute().max().scalar()
  }

  private static let sinks = [0.5, -1, 2, 0]
  /// Results go up to 4, where half a unit of bfloat16's last place is 2^-7 and of float16's 2^-10.
  private static let allowed: [DType: Double] = [.float32: 1e-5, .bfloat16: 0x1p-7, .float16: 0x1p-10]

  @Test("Composed attention, causal and masked, in one piece", arguments: shapes)
  func composes(_ shape: Shape) throws {
    func random(_ seed: UInt64) throws -> Tensor { try Tensor.randomNormal([2, 4, 9, 8], seed: seed) * 2 }
    let (q, k, v) = (try random(1), try random(2), try random(3))
    let sinks = try shape.hasSinks ? Tensor(Self.sinks.map(Float.init), shape: [1, 4, 1, 1]) : nil
    let causal = try q.attention(k, v, causal: true, scale: 0.3, cap: shape.cap, sinks: sinks)
    let hidden = (0..<81).map { $0 % 9 > $0 / 9 ? -Float.infinity : 0 }
    let mask = try Tensor(hidden, shape: [9, 9])
    let masked = try q.attention(k, v, mask: mask, scale: 0.3, cap: shape.cap, sinks: sinks)
    #expect(try Self.distance(causal, masked) < 1e-5)
    func exact(_ t: Tensor) throws -> Tensor { try t[1][2].converted(to: .float64) }
    for query in 0..<9 {
      let expected = try Self.reference(
        exact(q)[query], exact(k).narrowed(0, 0..<query + 1), exact(v).narrowed(0, 0..<query + 1), scale: 0.3, shape,
        sink: Self.sinks[2])
      #expect(try Self.distance(causal[1][2][query], expected) < 1e-5)
    }
  }

  @Test("Attention of new tokens, by any number of heads that share keys", arguments: shapes, [nil, 5] as [Int?])
  func decodes(_ shape: Shape, _ window: Int?) throws {
    for dtype in DecodeAttentionTests.dtypes {
      for (queries, dim) in [(2, 32), (7, 20)] { try Self.checkDecoding(dtype, shape, window, queries, dim) }
    }
  }

  private static func checkDecoding(_ dtype: DType, _ shape: Shape, _ window: Int?, _ queries: Int, _ dim: Int) throws {
    let (q, k, v) = try DecodeAttentionTests.tensors(dtype, queries: queries, dim: dim)
    let own = (0..<2 * queries).map { sinks[$0 % 4] + Double($0 / 4) / 2 }
    let found = try q.attentionByLength(
      k, v, lengths: DecodeAttentionTests.lengths, window: window, scale: 0.3, cap: shape.cap,
      sinks: shape.hasSinks ? Tensor(own.map(Float.init)) : nil)
    for (sequence, length) in DecodeAttentionTests.lengths.enumerated() {
      let seen = max(0, length - (window ?? length))..<length
      for head in own.indices {
        func part(_ t: Tensor) throws -> Tensor { try t[sequence][head / queries].converted(to: .float64) }
        let expected = try reference(
          part(q)[head % queries], part(k).narrowed(0, seen), part(v).narrowed(0, seen), scale: 0.3, shape,
          sink: own[head])
        #expect(try distance(part(found)[head % queries], expected) < allowed[dtype]!)
      }
    }
  }

  @Test(
    "Attention over a pack of segments", .enabled(if: Kernel.packAttention.isOwn), arguments: shapes,
    [nil, 6] as [Int?])
  func attendsOverSegments(_ shape: Shape, _ window: Int?) throws {
    for dtype in DecodeAttentionTests.dtypes { try Self.checkSegments(dtype, shape, window) }
  }

  private static func checkSegments(_ dtype: DType, _ shape: Shape, _ window: Int?) throws {
    func random(_ heads: Int, _ seed: UInt64) throws -> Tensor {
      try Tensor.randomNormal([70, heads, 16], seed: seed).converted(to: dtype)
    }
    let (q, k, v) = (try random(4, 1), try random(2, 2), try random(2, 3))
    let own = try shape.hasSinks ? Tensor(sinks.map(Float.init)) : nil
    let found = try q.segmentAttention(
      k, v, starts: [0, 70], parents: [-1], queryStarts: [0, 70], queryRows: (0..<70).map(Int64.init), window: window,
      scale: 0.3, cap: shape.cap, sinks: own)
    for token in [0, 1, 20, 69] {
      let seen = max(0, token + 1 - (window ?? 70))..<token + 1
      for head in 0..<4 {
        func part(_ t: Tensor) throws -> Tensor {
          try t.narrowed(0, seen).selected(1, [head / 2]).reshaped([seen.count, 16]).converted(to: .float64)
        }
        let expected = try reference(
          q[token][head].converted(to: .float64), part(k), part(v), scale: 0.3, shape, sink: sinks[head])
        #expect(try distance(found[token][head], expected) < allowed[dtype]! * 2.5, "token \(token), head \(head)")
      }
    }
  }

  @Test("Sinks of another number or type are refused")
  func refusesSinks() throws {
    let (q, k, v) = try DecodeAttentionTests.tensors(.float32, queries: 2, dim: 32)
    for sinks in [try Tensor([1, 2, 3] as [Float]), try Tensor([1, 2, 3, 4] as [Double])] {
      expectError(.invalidArgument, containing: "sinks") {
        try q.attentionByLength(k, v, lengths: DecodeAttentionTests.lengths, scale: 1, sinks: sinks)
      }
    }
  }

  @Test("A float32 weight is multiplied before the one rounding of a norm")
  func roundsNormsOnce() throws {
    let x = try Tensor([3, 4] as [Float]).converted(to: .bfloat16)
    let weight = try Tensor([1.001953125, 1] as [Float])  // 1 + 2^-9, which bfloat16 cannot have
    let found = try x.rmsNorm(weight, epsilon: 0)
    #expect(found.dtype == .bfloat16)
    let exact = 3 / 12.5.squareRoot() * 1.001953125
    #expect(try abs(found[0].scalar() - exact) <= 0x1p-9)
    let wide = try Tensor.randomNormal([5, 64], seed: 1)
    let long = try Tensor.randomNormal([64], seed: 2)
    let narrow = try wide.converted(to: .bfloat16)
    let expected = try narrow.converted(to: .float32).rmsNorm(long, epsilon: 1e-6).converted(to: .bfloat16)
    #expect(try Self.distance(narrow.rmsNorm(long, epsilon: 1e-6), expected.converted(to: .float64)) < 0x1p-6)
  }

  @Test("A layer norm by hand: 1, 2, 3 becomes -1.2247, 0, 1.2247 times the weight plus the bias")
  func normalisesLayers() throws {
    let x = try Tensor([1, 2, 3] as [Float])
    let found = try x.layerNorm(Tensor([1, 2, 10] as [Float]), bias: Tensor([0, 5, 1] as [Float]), epsilon: 0)
    try expectClose(found, [-1.224744871, 5, 13.24744871], tolerance: 1e-5)
    expectError(.invalidArgument, containing: "layer norm") {
      try x.layerNorm(Tensor([1, 2, 3] as [Float]), bias: Tensor([1] as [Float]), epsilon: 0)
    }
  }

  @Test(
    "A rotation of the first half of every head leaves the second",
    arguments: [DType.float32, .bfloat16, .float16, .float64])
  func rotatesAShare(_ dtype: DType) throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6, 7, 8] as [Float], shape: [1, 1, 8]).converted(to: dtype)
    let (zeros, ones) = (try Tensor.zeros([1, 4], dtype: dtype), try Tensor.ones([1, 4], dtype: dtype))
    try expectClose(x.rotated(cosines: zeros, sines: ones), [-3, -4, 1, 2, 5, 6, 7, 8], shape: [1, 1, 8])
  }

  @Test("GELU by hand, exact and by its approximation")
  func gelu() throws {
    let x = try Tensor([0, 1, -1, 3] as [Float])
    try expectClose(x.gelu(), [0, 0.841344746, -0.158655254, 2.99595031], tolerance: 1e-6)
    try expectClose(x.geluTanh(), [0, 0.841191990, -0.158808010, 2.99636270], tolerance: 1e-6)
  }
}
