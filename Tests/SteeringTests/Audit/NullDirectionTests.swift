import Foundations
import Statistics
import Testing
import Torch

@testable import Steering

@Suite("Null directions")
struct NullDirectionTests {
  @Test("Areas of columns count ties one half")
  func areasOfColumnsCountTiesOneHalf() throws {
    // Positives 2 and 1, negatives 1 and 0: pairs 2>1, 2>0, 1=1, 1>0 give 3.5 of 4. Minus zero equals zero.
    let scores = try Tensor([2, 1, 1, 0, 0, -0.0, 0, 0, -3, -2, -1, -4] as [Float], shape: [3, 4])
    #expect(try ColumnAreas.aurocs(scores, labels: [1, 1, 0, 0]) == [0.875, 0.5, 0.5])
    let broken = try Tensor([.nan, 1, 2, 3, .infinity, 1, -.infinity, 0] as [Float], shape: [2, 4])
    let areas = try ColumnAreas.aurocs(broken, labels: [1, 1, 0, 0])
    #expect(areas[0].isNaN && areas[1] == 1)
  }

  @Test("Areas of columns are those of single scores")
  func areasOfColumnsAreThoseOfSingleScores() throws {
    var generator = SeededGenerator(seed: 3)
    let labels = (0..<101).map { _ in generator.index(below: 2) }
    // Rounded, so that there are ties of both classes.
    let scores = (0..<70 * 101).map { _ in Float((generator.normal() * 8).rounded() / 8) }
    let areas = try ColumnAreas.aurocs(Tensor(scores, shape: [70, 101]), labels: labels)
    let expected = (0..<70).compactMap { draw in
      Measures.auroc(scores: scores[draw * 101..<(draw + 1) * 101].map(Double.init), labels: labels)
    }
    expectClose(areas, expected, within: 1e-12)
  }

  @Test("Draws have the activations covariance")
  func drawsHaveTheActivationsCovariance() throws {
    // Two independent coordinates with standard deviations 3 and 1, correlated with a third by construction.
    let noise = try Tensor.randomNormal([300, 2], seed: 4)
    let mixing = try Tensor([3, 0, 3, 0, 1, 1] as [Float], shape: [2, 3])
    let rows = try noise.matmul(mixing)
    let centred = try rows - rows.mean(0)
    let null = try NullDirections.covariance(rows: 300, draws: 20_000, seed: 5)
    let directions = try null.weights.transposed(0, 1).matmul(centred)  // [draws, 3]
    let drawn = try (directions.transposed(0, 1).matmul(directions) / 20_000).doubles()
    let own = try (centred.transposed(0, 1).matmul(centred) / 300).doubles()
    expectClose(drawn, own, within: 0.3, "covariance")
  }

  @Test("Flipped pairs are mean differences with random signs")
  func flippedPairsAreMeanDifferencesWithRandomSigns() throws {
    let null = try NullDirections.flippedPairs(pairs: 4, draws: 2_000, seed: 6)
    let weights = try null.weights.doubles()
    #expect(Set(weights) == [0.25, -0.25])
    #expect(abs(weights.reduce(0, +) / 2_000) < 0.1)
  }

  @Test("Exchanged labels stay inside their groups")
  func exchangedLabelsStayInsideTheirGroups() throws {
    let groups = ["x", "x", "x", "y", "y", "y"]
    var shuffle = GroupedShuffle([1, 0, 0, 1, 1, 0], groups: groups, seed: 7)
    var seen: Set<[Int]> = []
    for _ in 0..<300 {
      let labels = shuffle.next()
      #expect(labels[..<3].reduce(0, +) == 1 && labels[3...].reduce(0, +) == 2)
      seen.insert(labels)
    }
    #expect(seen.count == 9)
  }

  @Test("Whole groups exchange labels where the group is the label")
  func wholeGroupsExchangeLabelsWhereTheGroupIsTheLabel() throws {
    var shuffle = GroupedShuffle([1, 1, 0, 0, 0, 0], groups: ["x", "x", "y", "y", "z", "z"], seed: 8)
    var seen: Set<[Int]> = []
    for _ in 0..<200 { seen.insert(shuffle.next()) }
    #expect(seen == [[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]])
  }

  @Test("Exchanged labels give differences of class means")
  func exchangedLabelsGiveDifferencesOfClassMeans() throws {
    let null = try NullDirections.permutedLabels(
      [1, 1, 0, 0, 0], groups: ["x", "x", "x", "x", "x"], draws: 50, seed: 9)
    let columns = try null.weights.transposed(0, 1).doubles()
    for draw in 0..<50 {
      let weights = columns[draw * 5..<(draw + 1) * 5]
      #expect(weights.count { $0 == 0.5 } == 2 && weights.count { abs($0 + 1.0 / 3) < 1e-7 } == 3)
    }
  }

  @Test("Areas of directions are those of scikit learn")
  func areasOfDirectionsAreThoseOfScikitLearn() throws {
    let fixture = try ProbeFixture.load()
    let weights = try Tensor(fixture.weights.flatMap { $0.map(Float.init) }, shape: [fixture.labels.count, 4])
    let null = NullDirections(name: "fixture", weights: weights)
    let stream = try fixture.stream()
    let centred = try stream - stream.mean(0)
    let cross = try stream.matmul(centred.transposed(0, 1))
    let gram = try cross - cross.mean(0)
    // Float32 against float64: no two scores may be so close that they change places.
    expectClose(
      try null.aurocs(products: cross, norms: nil, labels: fixture.labels), fixture.projectionAUROCs, within: 1e-9)
    expectClose(
      try null.aurocs(products: cross, norms: stream.norm(-1), labels: fixture.labels), fixture.cosineAUROCs,
      within: 1e-9)
    expectClose(
      try null.aurocs(products: gram, norms: centred.norm(-1), labels: fixture.labels), fixture.centredCosineAUROCs,
      within: 1e-9)
  }
}
