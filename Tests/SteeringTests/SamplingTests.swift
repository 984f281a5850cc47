import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing

@testable import Steering

@Suite struct SamplingTests {
  /// `count` rows of each of `groups`, letters and sides in turn.
  private func rows(groups: Int, count: Int) -> [Item] {
    (0..<groups * count).map { row in
      item(
        row, group: "g\(row / count)", letter: row % 2 == 0 ? "A" : "B", side: row % 4 < 2 ? "liberal" : "conservative")
    }
  }

  private func counts<Value: Hashable>(_ values: [Value]) -> [Value: Int] {
    values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  @Test("Split mix64 matches its reference")
  func splitMix64MatchesItsReference() {
    // The first outputs for seed 1234567 of the reference implementation by Vigna.
    var generator = SeededGenerator(seed: 1_234_567)
    let expected: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    #expect((0..<3).map { _ in generator.next() } == expected)
  }

  @Test("Bounded draws are in range and even")
  func boundedDrawsAreInRangeAndEven() {
    var generator = SeededGenerator(seed: 0)
    let drawn = counts((0..<6000).map { _ in generator.index(below: 6) })
    #expect(drawn.keys.sorted() == [0, 1, 2, 3, 4, 5])
    // Expected 1,000 each; the standard deviation is 29.
    #expect(drawn.values.allSatisfy { abs($0 - 1000) < 150 })
  }

  @Test("A sample is balanced over groups letters and sides")
  func aSampleIsBalancedOverGroupsLettersAndSides() throws {
    let drawn = try sample(rows(groups: 5, count: 40), take: 40, seed: 1)
    #expect(Set(counts(drawn.items.map(\.group.id)).values) == [8])
    #expect(counts(drawn.items.map(\.matchingLetter)) == ["A": 20, "B": 20])
    #expect(counts(drawn.items.map(\.userSide)) == ["liberal": 20, "conservative": 20])
    #expect(drawn.notes.isEmpty)
    for group in Dictionary(grouping: drawn.items, by: \.group.id).values {
      #expect(counts(group.map(\.matchingLetter)) == ["A": 4, "B": 4])
    }
  }

  @Test("A sample has no item twice")
  func aSampleHasNoItemTwice() throws {
    let items = rows(groups: 3, count: 10)
    for take in [1, 7, 30] {
      let drawn = try sample(items, take: take, seed: 5).items
      #expect(Set(drawn.map(\.id)).count == take && drawn.count == take)
    }
  }

  @Test("The seed decides the sample")
  func theSeedDecidesTheSample() throws {
    let items = rows(groups: 5, count: 40)
    let first = try sample(items, take: 20, seed: 1).items.map(\.row)
    #expect(try sample(items, take: 20, seed: 1).items.map(\.row) == first)
    #expect(try sample(items, take: 20, seed: 2).items.map(\.row) != first)
    // Recorded, so that a change of the algorithm does not go unnoticed: stored experiments name their seeds.
    #expect(first.prefix(6) == [198, 149, 100, 75, 30, 73])
  }

  @Test("The beginning of a sample is balanced too")
  func theBeginningOfASampleIsBalancedToo() throws {
    let drawn = try sample(rows(groups: 4, count: 12), take: 24, seed: 9).items.prefix(8)
    #expect(Set(counts(drawn.map(\.group.id)).values) == [2])
    #expect(counts(drawn.map(\.matchingLetter)) == ["A": 4, "B": 4])
  }

  @Test("Letters are balanced among questions of one row")
  func lettersAreBalancedAmongQuestionsOfOneRow() throws {
    let items = (0..<100).map { item($0, group: "g\($0)", letter: $0 < 80 ? "A" : "B") }
    let drawn = try sample(items, take: 30, seed: 3)
    #expect(counts(drawn.items.map(\.matchingLetter)) == ["A": 15, "B": 15])
    #expect(drawn.notes.isEmpty)
  }

  @Test("Sources are balanced")
  func sourcesAreBalanced() throws {
    let items = (0..<90).map { item($0, group: "g\($0)", letter: $0 % 2 == 0 ? "A" : "B", source: $0 < 70 ? "x" : "y") }
    #expect(counts(try sample(items, take: 20, seed: 3).items.map(\.source)) == ["x": 10, "y": 10])
  }

  @Test("An axis left out is not balanced")
  func anAxisLeftOutIsNotBalanced() throws {
    let items = (0..<100).map { item($0, group: $0 < 90 ? "large" : "small", letter: $0 % 2 == 0 ? "A" : "B") }
    let drawn = try sample(items, take: 50, seed: 1, balance: [.letter]).items
    #expect(counts(drawn.map(\.matchingLetter)) == ["A": 25, "B": 25])
    #expect(counts(drawn.map(\.group.id))["large", default: 0] > 35)
  }

  @Test("What could not be balanced is said")
  func whatCouldNotBeBalancedIsSaid() throws {
    let oneLetter = (0..<9).map { item($0, group: "g\($0 % 3)", side: "liberal") }
    #expect(
      try sample(oneLetter, take: 6, seed: 1).notes
        == ["all 6 rows have letter (A)", "all 6 rows have user side liberal"])
    let few = (0..<10).map { item($0, group: "g\($0)", letter: $0 < 8 ? "A" : "B") }
    #expect(
      try sample(few, take: 10, seed: 1).notes == ["of 10 rows by letter there are 8 with (A), 2 with (B)"])
    let uneven = (0..<10).map { item($0, group: $0 < 2 ? "few" : "many", letter: $0 % 2 == 0 ? "A" : "B") }
    #expect(try sample(uneven, take: 10, seed: 1).notes == ["the 2 questions have from 2 to 8 rows each"])
    let one = (0..<4).map { item($0, group: "only", letter: $0 % 2 == 0 ? "A" : "B") }
    #expect(try sample(one, take: 4, seed: 1).notes == ["all 4 rows ask one question: Which of only?"])
  }

  @Test("Impossible sizes are refused", arguments: [0, -1, 11, Int.max]) func impossibleSizesAreRefused(take: Int) {
    #expect(
      message { _ = try sample(rows(groups: 1, count: 10), take: take, seed: 1) }
        == "\(take) rows were asked for and there are 10; take 1 to 10")
  }

  @Test("Splits never share a group")
  func splitsNeverShareAGroup() throws {
    let items = rows(groups: 10, count: 6)
    let split = try splitByGroup(items, testFraction: 0.3, seed: 4)
    #expect(Set(split.train.map(\.group.id)).isDisjoint(with: split.test.map(\.group.id)))
    #expect(split.test.count == 18 && split.train.count == 42)
    #expect(split.train.map(\.row) == split.train.map(\.row).sorted())
    #expect(try splitByGroup(items, testFraction: 0.3, seed: 4).test == split.test)
  }

  @Test("Each side of a split has a group")
  func eachSideOfASplitHasAGroup() throws {
    let items = (0..<100).map { item($0, group: $0 < 99 ? "large" : "small") }
    for fraction in [0.001, 0.5, 0.999] {
      let split = try splitByGroup(items, testFraction: fraction, seed: 1)
      #expect(!split.train.isEmpty && !split.test.isEmpty)
    }
  }

  @Test("Impossible splits are refused")
  func impossibleSplitsAreRefused() {
    let one = rows(groups: 1, count: 4)
    #expect(
      message { _ = try splitByGroup(one, testFraction: 0.5, seed: 1) }
        == "the items ask 1 distinct question, and a split by question needs two or more")
    #expect(message { _ = try splitByGroup(one, testFraction: .nan, seed: 1) }.contains("should be between 0 and 1"))
  }

  @Test("The political quiz can be sampled without bias", .enabled(if: TestData.hasPolitical))
  func thePoliticalQuizCanBeSampledWithoutBias() throws {
    let items = try TestData.politicalItems.get()
    let drawn = try sample(items, take: 340, seed: 0)
    #expect(Set(counts(drawn.items.map(\.group)).values) == [20])
    #expect(counts(drawn.items.map(\.matchingLetter)) == ["A": 170, "B": 170])
    #expect(counts(drawn.items.map(\.userSide)) == ["liberal": 170, "conservative": 170])
    #expect(drawn.notes.isEmpty)
  }
}
