import Foundation
import Foundations
import Testing

@testable import Torch

/// The one-pass forms of the network operations against sums by hand and against the composed forms, which are what
/// runs while the gradient of a weight is recorded.
@Suite struct FusedOperationTests {
  /// Sizes around the width of a vector register and above what one thread takes.
  static let widths = [2, 6, 16, 34, 128, 4098]

  static func random(_ shape: [Int], _ dtype: DType, seed: UInt64) throws -> Tensor {
    try (Tensor.randomNormal(shape, seed: seed) * 3).converted(to: dtype)
  }

  /// The largest difference as a share of the larger of the reference's value and one.
  static func distance(_ a: Tensor, _ reference: Tensor) throws -> Double {
    #expect(a.dtype == reference.dtype && a.shape == reference.shape)
    return zip(try a.doubles(), try reference.doubles()).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
  }

  /// One unit in the last place: where sums in another order round to the neighbour.
  static func tolerance(_ dtype: DType) -> Double { dtype == .float32 ? 2e-6 : dtype == .bfloat16 ? 0x1p-7 : 0x1p-10 }

  @Test("Root-mean-square normalisation of 3 and 4 by hand")
  func normalisesByHand() throws {
    // The mean square is 12.5; 3 / sqrt(12.5) = 0.848528, 4 / sqrt(12.5) = 1.131371, times the weights 1 and 2.
    let out = try Tensor([3, 4] as [Float], shape: [1, 2]).rmsNorm(Tensor([1, 2] as [Float]), epsilon: 0).doubles()
    #expect(abs(out[0] - 0.848528) < 1e-6 && abs(out[1] - 2.262742) < 1e-6)
  }

  @Test("A rotation by a quarter turn swaps the halves and negates the second")
  func rotatesByHand() throws {
    let x = try Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 4])
    let out = try x.rotated(cosines: Tensor.zeros([1, 4]), sines: Tensor.ones([1, 4]))
    #expect(try out.doubles() == [-3, -4, 1, 2])
  }

  @Test("Gated SiLU by hand, at large and small arguments, and of NaN")
  func gatesByHand() throws {
    let gate = try Tensor([0, 1, -1, 200, -200, .nan] as [Float])
    let out = try gate.gatedSilu(Tensor([5, 2, 2, 1, 1, 1] as [Float])).doubles()
    // silu(1) = 1 / (1 + e^-1) = 0.731059, silu(-1) = -0.268941
    #expect(out[0] == 0 && abs(out[1] - 1.462117) < 1e-6 && abs(out[2] + 0.537883) < 1e-6)
    #expect(out[3] == 200 && abs(out[4]) < 1e-30 && out[5].isNaN)
  }

  @Test("The one-pass forms equal the composed ones", arguments: dtypes, widths)
  func equalTheComposed(_ dtype: DType, _ width: Int) throws {
    let tolerance = Self.tolerance(dtype)
    let x = try Self.random([37, width], dtype, seed: 1)
    let other = try Self.random([37, width], dtype, seed: 2)
    let weight = try Self.random([width], dtype, seed: 3)
    let trained = try weight.requiringGradient()
    let normed = try recordingGradients { try x.rmsNorm(trained, epsilon: 1e-5) }
    #expect(try Self.distance(x.rmsNorm(weight, epsilon: 1e-5), normed) < tolerance)
    let long = try Self.random([width], .float32, seed: 5)
    let trainedLong = try long.requiringGradient()
    let roundedOnce = try recordingGradients { try x.rmsNorm(trainedLong, epsilon: 1e-5) }
    #expect(try Self.distance(x.rmsNorm(long, epsilon: 1e-5), roundedOnce) < tolerance)
    let gated = try x.silu() * other
    #expect(try Self.distance(x.gatedSilu(other), gated) < tolerance)
    let heads = try Self.random([37, 3, width], dtype, seed: 4)
    let (cosines, sines) = (try x.cosine(), try x.sine())
    let turning = try cosines.requiringGradient()
    let rotated = try recordingGradients { try heads.rotated(cosines: turning, sines: sines) }
    #expect(try Self.distance(heads.rotated(cosines: cosines, sines: sines), rotated) < tolerance)
    let wider = try Tensor.concatenated([heads, Self.random([37, 3, 5], dtype, seed: 6)], 2)
    let share = try wider.rotated(cosines: cosines, sines: sines)
    #expect(try Self.distance(share.narrowed(2, 0..<width).contiguous(), rotated) < tolerance)
    #expect(try share.narrowed(2, width..<width + 5).doubles() == wider.narrowed(2, width..<width + 5).doubles())
  }

  static let dtypes = [DType.float32, .bfloat16, .float16]

  /// Products of random numbers equal libtorch's, and those of float64 within half a unit in the last place and what float32
  /// sums lose where large products cancel.
  static func checkProduct(_ rows: Int, _ width: Int, _ outputs: Int, _ dtype: DType) throws {
    let x = try random([rows, width], dtype, seed: 1)
    let weight = try random([outputs, width], dtype, seed: 2)
    let bias = try random([outputs], dtype, seed: 3)
    let unit: [DType: Double] = [.float32: 0, .bfloat16: 0x1p-8, .float16: 0x1p-11]
    let lost = 1e-5 * Double(width).squareRoot()
    for bias in [nil, bias] {
      let trained = try weight.requiringGradient()
      let composed = try recordingGradients { try x.linear(trained, bias: bias) }
      let exact = try x.converted(to: .float64).linear(
        weight.converted(to: .float64), bias: bias?.converted(to: .float64))
      let isOwn = Kernel.fewRows.isOwn && Kernel.float32Products.isOwn
      var products = [try x.linear(weight, bias: bias)]
      // libtorch's blocks are rounded before the bias is added, and lose more where both cancel.
      if isOwn || bias == nil { products.append(try x.linear(weight, bias: bias, rowBlock: 48)) }
      for product in products {
        #expect(try distance(product, composed) < 2 * unit[dtype]! + lost)
        guard isOwn else { continue }
        #expect(try distance(product.converted(to: .float64), exact) < unit[dtype]! + lost)
      }
    }
  }

  @Test("Products of many rows equal libtorch's and the exact ones", arguments: [96, 97, 203, 2100], [32, 2112])
  func multipliesManyRows(_ rows: Int, _ width: Int) throws {
    for outputs in rows > 1000 ? [21] : [16, 208, 77] {
      for dtype in Self.dtypes { try Self.checkProduct(rows, width, outputs, dtype) }
    }
  }

  @Test(
    "Products of a few rows equal libtorch's and the exact ones", arguments: Array(1...17) + [32, 33, 64, 65],
    [32, 96, 4096])
  func multipliesFewRows(_ rows: Int, _ width: Int) throws {
    for outputs in [1, 6, 37] {
      for dtype in Self.dtypes { try Self.checkProduct(rows, width, outputs, dtype) }
    }
  }

  @Test("Products with a matrix as it lies equal the exact ones", arguments: dtypes)
  func multipliesUpright(_ dtype: DType) throws {
    let x = try Self.random([100, 70], dtype, seed: 1)
    let matrix = try Self.random([70, 83], dtype, seed: 2)
    let exact = try x.converted(to: .float64).matmul(matrix.converted(to: .float64))
    #expect(try Self.distance(x.matmul(matrix).converted(to: .float64), exact) < 0x1p-7)
  }

  @Test("Products of the same rows together equal those one by one bit for bit", arguments: [1, 12, 13, 33, 65])
  func multipliesTogether(_ rows: Int) throws {
    // 1024 x 300 weights are more than one thread takes at a time.
    let x = try Self.random([rows, 1024], .bfloat16, seed: 1)
    let weights = try [300, 5, 16].map { try Self.random([$0, 1024], .bfloat16, seed: UInt64($0)) }
    let biases = [try Self.random([300], .bfloat16, seed: 2), nil, nil]
    for (together, (weight, bias)) in zip(try x.linears(weights, biases: biases), zip(weights, biases)) {
      #expect(try together.doubles() == x.linear(weight, bias: bias).doubles())
    }
    #expect(throws: TelltaleError.self) { try x.linears([weights[0], Tensor.ones([3, 7])], biases: [nil, nil]) }
  }

  @Test(
    "In blocks, a row's product has the same bits with any other rows in the batch", arguments: dtypes, [416, 1090])
  func multipliesRowsAlike(_ dtype: DType, _ width: Int) throws {
    // libtorch's blocks are alike where they begin at the same alignment, which these do not.
    guard dtype == .float32 ? Kernel.float32Products.isOwn : Kernel.packAttention.isOwn else { return }
    let x = try Self.random([200, width], dtype, seed: 1)
    let weight = try Self.random([37, width], dtype, seed: 2)
    let all = try x.linear(weight, rowBlock: 48).doubles()
    for rows in [1, 2, 5, 12, 13, 16, 17, 31, 64, 95, 96, 131] {
      for threads in [1, 3] {
        let some = try Runtime.withThreadCount(threads) {
          try x.narrowed(0, 200 - rows..<200).linear(weight, rowBlock: 48).doubles()
        }
        #expect(some == Array(all.suffix(rows * 37)))
      }
    }
  }

  @Test("A product with one row of ones sums the weights, and NaN stays NaN")
  func multipliesByHand() throws {
    let ones = try Tensor.ones([1, 32]).converted(to: .bfloat16)
    let weight = try Tensor((0..<64).map(Float.init), shape: [2, 32]).converted(to: .bfloat16)
    // 0 + ... + 31 = 496 and 32 + ... + 63 = 1520, both bfloat16 numbers.
    #expect(try ones.linear(weight).doubles() == [496, 1520])
    #expect(try (ones * .nan).linear(weight).doubles().allSatisfy { $0.isNaN })
  }

  @Test("Views, other element types and empty tensors take the composed forms and give the same")
  func fallsBack() throws {
    let wide = try Self.random([8, 5], .float32, seed: 1)
    let weight = try Tensor.ones([8])
    let view = try wide.transposed(0, 1)
    #expect(
      try Self.distance(
        view.rmsNorm(weight, epsilon: 1e-5).contiguous(), view.contiguous().rmsNorm(weight, epsilon: 1e-5)) < 2e-6)
    let half = try wide.converted(to: .float16)
    #expect(try half.gatedSilu(half).dtype == .float16)
    #expect(try Tensor.zeros([0, 8]).rmsNorm(weight, epsilon: 1e-5).shape == [0, 8])
    #expect(throws: TelltaleError.self) { try wide.rmsNorm(Tensor.ones([4]), epsilon: 1e-5) }
  }

  @Test("Gradients flow through the operations while they are recorded")
  func keepsGradients() throws {
    // d/dx silu(x) at 0 is 1/2, times up = 4.
    let gradient = try recordingGradients {
      let x = try Tensor.zeros([1]).requiringGradient()
      return try x.gatedSilu(Tensor([4] as [Float])).sum().gradients(by: [x])[0].scalar()
    }
    #expect(abs(gradient - 2) < 1e-6)
  }
}
