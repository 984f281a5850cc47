import Foundations
import Statistics
import Testing
import Torch

@testable import Steering

@Suite("Cosines of vectors with intervals over questions")
struct CosineBootstrapTests {
  @Test("Sums leave out products within a question by hand")
  func sumsLeaveOutProductsWithinAQuestionByHand() throws {
    // Group means (1, 0), (3, 4) with shares 2/3, 1/3: the only products of different groups are 3 and 3.
    let rows = try Tensor([1.0, 1, 1, -1, 3, 4], shape: [3, 2])
    let resampling = ResamplingUnits([["p", "p", "q"], ["p", "p", "q"]], seed: 1)
    let sums = try CosineBootstrap(resampling, replicates: 10, seed: 1).compare(rows, rows).estimate
    // aa = 2 * (2/9) * 3 / (1 - 4/9 - 1/9) = 3; the mean is (5/3, 4/3), whose square is 41/9.
    #expect(abs(sums.aa - 3) < 1e-12 && abs(sums.ab - 3) < 1e-12)
    #expect(abs(sums.noiseA - (41.0 / 9 - 3)) < 1e-12)
  }

  @Test("Without a common question the cosine is that of the means")
  func withoutACommonQuestionTheCosineIsThatOfTheMeans() throws {
    let a = try Tensor([1.0, 0, 3, 0], shape: [2, 2])
    let b = try Tensor([1.0, 1, 0, 2], shape: [2, 2])
    let resampling = ResamplingUnits([["p", "q"], ["r", "s"]], seed: 1)
    let sums = try CosineBootstrap(resampling, replicates: 10, seed: 1).compare(a, b).estimate
    // Means (2, 0) and (0.5, 1.5): 1 / (2 sqrt(2.5)).
    #expect(abs((sums.cosine ?? 0) - 0.5 / 2.5.squareRoot()) < 1e-12)
  }

  @Test("A single question is resampled by pair and too many units are put together")
  func aSingleQuestionIsResampledByPairAndTooManyUnitsArePutTogether() {
    let single = ResamplingUnits([["p", "p", "p"], ["p", "q"]], seed: 0)
    #expect(single.count == 4 && Set(single.units[0]).count == 3)
    let many = (0..<3_000).map { "q\($0)" }
    let both = ResamplingUnits([many, many.reversed()], seed: 0)
    #expect(both.count == 2_000 && both.units[0] == Array(both.units[1].reversed()))
  }

  @Test("The reliability is that of halves stepped up")
  func theReliabilityIsThatOfHalvesSteppedUp() throws {
    let pairs = try Simulation(reliability: 0.6, questions: 40, dimension: 50).draw(seed: 3, direction: 0)
    let rows = try #require(try pairs.rows(layer: 0))
    let own = ResamplingUnits([pairs.groups ?? []], seed: 0)
    let sums = try CosineBootstrap(ResamplingUnits(doubling: own), replicates: 1, seed: 0).compare(rows, rows).estimate
    let halves = Halves(pairs.groups ?? [], splits: 400, seed: 9)
    let cosines = try (0..<halves.splits).map { split -> Double in
      let parts = try [1.0, -1].map { side in
        try rows.selected(0, halves.sides.indices.filter { halves.sides[$0][split] == side }).mean(0)
      }
      return try ((parts[0] * parts[1]).sum() / (parts[0].norm() * parts[1].norm())).scalar()
    }
    #expect(abs((sums.reliabilityA ?? 0) - (Halves.reliability(cosines) ?? 0)) < 0.02)
  }

  /// True cosine, reliability, questions, and how far activations vary along few directions.
  static let designs: [(cosine: Double, simulation: Simulation)] = [
    (1, Simulation(reliability: 0.9, questions: 12, dimension: 40)),
    (0.7, Simulation(reliability: 0.8, questions: 24, dimension: 40)),
    (0, Simulation(reliability: 0.9, questions: 24, dimension: 40)),
    (0.5, Simulation(reliability: 0.9, questions: 24, dimension: 40, decay: 1)),
    (0.5, Simulation(reliability: 0.8, questions: 24, dimension: 40, shared: 0.7)),
  ]

  @Test(
    "Intervals hold the true cosine, and the cosine to expect at this size, in 93 % of experiments or more",
    arguments: designs)
  func intervalsHold(_ design: (cosine: Double, simulation: Simulation)) throws {
    let experiments = 200
    var (clean, plain) = (0, 0)
    let expected = design.cosine * design.simulation.reliability
    for seed in 0..<experiments {
      let result = try design.simulation.experiment(seed: UInt64(seed), cosine: design.cosine)
      if result.disattenuatedInterval?.contains(design.cosine) ?? false { clean += 1 }
      if result.cosineInterval?.contains(expected) ?? false { plain += 1 }
    }
    #expect(clean >= 186, "the disattenuated cosine: \(clean) of \(experiments)")
    #expect(plain >= 186, "the cosine: \(plain) of \(experiments)")
  }

  @Test("Of two halves of the same pairs at most 5 % are said to differ, and of reliable ones most to agree")
  func halvesAgree() throws {
    for (reliability, fewestAgreeing) in [(0.3, 0), (0.6, 20), (0.9, 180)] {
      let simulation = Simulation(reliability: reliability, questions: 24, dimension: 40)
      let verdicts = try (0..<200).map { try simulation.verdict(seed: UInt64($0), cosine: 1) }
      let wrong = verdicts.count { [.related, .apart, .opposed].contains($0) }
      #expect(wrong <= 10, "reliability \(reliability): \(wrong) of 200 said to differ")
      #expect(verdicts.count { $0 == .agree } >= fewestAgreeing, "reliability \(reliability)")
    }
  }

  @Test("Of unrelated vectors at most 5 % are said to be related or to agree")
  func unrelatedVectorsDoNotAgree() throws {
    for reliability in [0.3, 0.9] {
      let simulation = Simulation(reliability: reliability, questions: 24, dimension: 40)
      let verdicts = try (0..<200).map { try simulation.verdict(seed: UInt64($0), cosine: nil) }
      #expect(verdicts.count { [.related, .agree, .opposed].contains($0) } <= 10, "reliability \(reliability)")
      if reliability == 0.9 { #expect(verdicts.count { $0 == .apart } >= 180) }
    }
  }
}

/// Vectors whose true directions and noise are known.
struct Simulation: Sendable, CustomStringConvertible {
  /// Of the whole vector: 1 / (1 + noise^2 / questions).
  var reliability: Double
  var questions: Int
  var dimension: Int
  /// The noise of dimension k (from 1) has a variance in proportion to k^-decay.
  var decay = 0.0
  /// The share of the noise, as a correlation, that both vectors' pairs have in common; nil where they share no question.
  var shared: Double?

  var description: String {
    "reliability \(reliability), \(questions) questions, decay \(decay), shared \(shared ?? 0)"
  }

  /// Noise of unit-length truth, [questions, dimension].
  private func noise(seed: UInt64) throws -> Tensor {
    let variances = (1...dimension).map { 1 / Double($0).power(decay) }
    let total = variances.reduce(0, +)
    let scale = (Double(questions) * (1 / reliability - 1) / total).squareRoot()
    let spread = try Tensor(variances.map { $0.squareRoot() * scale })
    return try Tensor.randomNormal([questions, dimension], dtype: .float64, seed: seed) * spread
  }

  /// Pairs about the unit vector of an axis.
  func draw(seed: UInt64, direction: Int) throws -> PairDifferences {
    try pairs(noise(seed: seed), truth: (0..<dimension).map { $0 == direction ? 1 : 0 }, prefix: "q")
  }

  private func pairs(_ noise: Tensor, truth: [Double], prefix: String) throws -> PairDifferences {
    let rows = try (noise + Tensor(truth)).converted(to: .float32)
    return PairDifferences(
      differences: try rows.reshaped([questions, 1, dimension]), layers: [0],
      groups: (0..<questions).map { "\(prefix)\($0)" })
  }

  /// Two vectors whose true cosine is given; nil draws two random directions.
  func both(seed: UInt64, cosine: Double?) throws -> (PairDifferences, PairDifferences) {
    let first = try noise(seed: 2 * seed + 1)
    var second = try noise(seed: 1_000_000 + 2 * seed)
    if let shared { second = try first * shared + second * (1 - shared * shared).squareRoot() }
    let basis = try Tensor.randomNormal([dimension, 2], dtype: .float64, seed: 7_000_000 + seed)
    let directions = try cosine == nil ? basis / basis.norm(0, keep: true) : basis.orthonormalised()
    let (a, free) = (try directions.transposed(0, 1)[0].doubles(), try directions.transposed(0, 1)[1].doubles())
    let b = cosine.map { c in zip(a, free).map { c * $0 + (1 - c * c).squareRoot() * $1 } } ?? free
    return (
      try pairs(first, truth: a, prefix: "q"), try pairs(second, truth: b, prefix: shared == nil ? "r" : "q")
    )
  }

  func experiment(seed: UInt64, cosine: Double?) throws -> ResampledCosine {
    let (a, b) = try both(seed: seed, cosine: cosine)
    let bootstrap = try CosineBootstrap(ResamplingUnits([a, b], seed: seed), replicates: 400, seed: seed)
    guard let rowsA = try a.rows(layer: 0), let rowsB = try b.rows(layer: 0) else {
      throw TelltaleError(.failed, "the simulation has no layer 0")
    }
    return try bootstrap.compare(rowsA, rowsB)
  }

  func verdict(seed: UInt64, cosine: Double?) throws -> SimilarityVerdict {
    let (a, b) = try both(seed: seed, cosine: cosine)
    var options = VectorComparison.Options()
    (options.replicates, options.seed) = (400, seed)
    let vectors = try [("a", a), ("b", b)].map { name, pairs in try ComparedVector(name, mean: pairs) }
    return try VectorComparison(vectors[0], vectors[1], options: options).layers[0].evidence.verdict
  }
}

extension ComparedVector {
  /// A vector that is the mean of its pairs.
  init(_ name: String, mean pairs: PairDifferences, read: String? = nil) throws {
    var vectors = SteeringVectors(layers: [:], provenance: VectorProvenance())
    for layer in pairs.layers { vectors.layers[layer] = try pairs.rows(layer: layer)?.mean(0).floats() }
    vectors.provenance.read = read
    try self.init(name: name, vectors: vectors, pairs: pairs)
  }
}

extension Double {
  fileprivate func power(_ exponent: Double) -> Double { exponent == 0 ? 1 : exponent == 1 ? self : .nan }
}
