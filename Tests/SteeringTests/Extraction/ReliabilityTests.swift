import LanguageModels
import Testing
import Torch

@testable import Steering

/// Split-half reliability against computations by hand.
@Suite struct ReliabilityTests {
  /// The reliability of differences [pairs][hidden] at one layer, with given halves.
  private func reliability(_ differences: [[Double]], _ halves: Halves) throws -> Double {
    let hidden = differences[0].count
    let streams = differences.flatMap { $0 + Array(repeating: 0, count: hidden) }
    var sums = try DifferenceSums(layers: [5], hidden: hidden, splits: halves.splits)
    try sums.add(Tensor(streams, shape: [2 * differences.count, 1, hidden]), halves: halves.sides)
    return try #require(try sums.result(halvesByGroup: halves.byGroup).reliability[5])
  }

  @Test("Two pairs at 45 degrees have r = 0.7071, stepped up to 2r / (1 + r) = 0.8284")
  func twoPairsByHand() throws {
    let halves = Halves(["a", "b"], splits: 6, seed: 3)
    #expect(try abs(reliability([[1, 0], [1, 1]], halves) - 0.828427124746) < 1e-9)
    #expect(try abs(reliability([[2, 0], [7, 0]], halves) - 1) < 1e-9)
  }

  @Test("A negative mean is given as it is, not stepped up")
  func negativeByHand() throws {
    let found = try reliability([[1, 0], [-1, 1]], Halves(["a", "b"], splits: 6, seed: 3))
    #expect(abs(found + 0.707106781186) < 1e-9)
  }

  @Test("Several pairs a group: the mean over splits of the halves' cosine, worked out in plain numbers")
  func manyPairsByHand() throws {
    let differences: [[Double]] = [
      [3, 1, 0], [2, -1, 1], [1, 1, 1], [0, 2, 1], [4, 0, -1], [1, -2, 2], [2, 2, 0],
    ]
    let groups = ["a", "a", "b", "c", "c", "c", "d"]
    let halves = Halves(groups, splits: 9, seed: 11)
    var cosines: [Double] = []
    for split in 0..<9 {
      func sum(_ sign: Double) -> [Double] {
        let own = differences.indices.filter { halves.sides[$0][split] == sign }
        return (0..<3).map { i in own.reduce(0) { $0 + differences[$1][i] } }
      }
      let (a, b) = (sum(1), sum(-1))
      func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
      cosines.append(dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot())
    }
    let mean = cosines.reduce(0, +) / 9
    #expect(try abs(reliability(differences, halves) - 2 * mean / (1 + mean)) < 1e-9)
  }

  @Test("Halves share no group and have as many groups each, to one", arguments: [0, 1, 2] as [UInt64])
  func halvesKeepGroupsTogether(_ seed: UInt64) {
    let groups = (0..<20).map { "group \($0 % 5)" }
    let halves = Halves(groups, splits: 30, seed: seed)
    #expect(halves.byGroup && halves.splits == 30)
    for split in 0..<30 {
      let first = Set(groups.indices.filter { halves.sides[$0][split] == 1 }.map { groups[$0] })
      let second = Set(groups.indices.filter { halves.sides[$0][split] == -1 }.map { groups[$0] })
      #expect(first.isDisjoint(with: second) && first.count == 2 && second.count == 3)
    }
    #expect(Set((0..<30).map { split in halves.sides.map { $0[split] } }).count > 3)
  }

  @Test("With one group the halves are drawn over pairs, and with one pair there are none")
  func fallsBackToPairs() {
    let halves = Halves(["a", "a", "a", "a"], splits: 10, seed: 0)
    #expect(!halves.byGroup)
    for split in 0..<10 { #expect(halves.sides.map { $0[split] }.reduce(0, +) == 0) }
    #expect(Halves(["a"], splits: 10, seed: 0).splits == 0)
  }

  @Test("Equal pairs are wholly reliable, in the vector's provenance too")
  func reportsReliability() throws {
    let loaded = try TinyModel.llama()
    let pair = try PromptBuilder.plain.pair(for: #require(fixtureItems("political.jsonl").first))
    let extraction = VectorExtraction(try VectorRecipe(), layers: [2], seed: 0)
    let vectors = try extraction.run(loaded, .plain(loaded.tokenizer), [pair, pair, pair])
    #expect(try abs(#require(vectors.provenance.reliability[2]) - 1) < 1e-6)
    #expect(vectors.provenance.reliabilityUnit == "pair")
  }
}
