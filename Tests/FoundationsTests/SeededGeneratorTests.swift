import Testing

@testable import Foundations

@Suite("The seeded generator gives the same numbers everywhere")
struct SeededGeneratorTests {
  @Test("Seed42 begins with the reference sequence")
  func seed42BeginsWithTheReferenceSequence() {
    // SplitMix64 from 1234567, as the reference implementation in C (Vigna 2015) prints it.
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  @Test("Uniforms stay below one and average one half")
  func uniformsStayBelowOneAndAverageOneHalf() {
    var generator = SeededGenerator(seed: 1)
    let values = (0..<20_000).map { _ in generator.uniform() }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(values.reduce(0, +) / 20_000 - 0.5) < 0.01)
  }

  @Test("Indices cover their range evenly")
  func indicesCoverTheirRangeEvenly() {
    var generator = SeededGenerator(seed: 3)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<14_000 { counts[generator.index(below: 7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 2_000) < 200 })
  }

  @Test("A shuffle keeps the items and reaches every order")
  func aShuffleKeepsTheItemsAndReachesEveryOrder() {
    var generator = SeededGenerator(seed: 4)
    var seen: Set<[Int]> = []
    for _ in 0..<200 {
      var items = [0, 1, 2]
      generator.shuffle(&items)
      #expect(items.sorted() == [0, 1, 2])
      seen.insert(items)
    }
    #expect(seen.count == 6)
  }

  @Test("A sample holds different items and never more than there are")
  func aSampleHoldsDifferentItemsAndNeverMoreThanThereAre() {
    var generator = SeededGenerator(seed: 5)
    let sample = generator.sample(5, from: Array(0..<10))
    #expect(Set(sample).count == 5)
    #expect(generator.sample(20, from: [1, 2]).sorted() == [1, 2])
    #expect(generator.sample(-1, from: [1, 2]).isEmpty)
  }
}
