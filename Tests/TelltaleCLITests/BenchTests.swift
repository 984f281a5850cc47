import Foundation
import LanguageModels
import Testing
import Torch

@testable import TelltaleCLI

@Suite struct BenchTests {
  @Test("The operations of an extraction are counted by hand, the last block's feed-forward at the read tokens alone")
  func countsOperations() throws {
    let model = try GeneratedModel.configuration(.tiny, layers: 2)
    // A tiny block: 4 x 128 x 128 for attention, 3 x 128 x 384 for the feed-forward network. Of the last block, the
    // output projection and the feed-forward network (16,384 + 147,456) run on the 3 tokens read, not on all 10.
    let block = 4 * 16_384 + 3 * 49_152
    let last = 3 * 16_384 * 10 + (16_384 + 147_456) * 3
    #expect(BenchJobs.extractionOperations(model, tokens: 10, read: 3) == Double(2 * (block * 10 + last)))
  }

  @Test("Drawn pairs repeat with their seed, differ in their last two tokens and stay in the vocabulary")
  func drawsPairs() {
    let drawn = BenchPrompts.drawn(count: 40, vocabulary: 50, seed: 7)
    let again = BenchPrompts.drawn(count: 40, vocabulary: 50, seed: 7)
    #expect(drawn.prompts == again.prompts && drawn.prompts.count == 40)
    #expect((200...300).contains(drawn.meanLength))
    for pair in drawn.pairs {
      #expect(PackedBatch.commonPrefix([pair.positive.ids, pair.negative.ids]) == pair.positive.ids.count - 2)
      #expect((pair.positive.ids + pair.negative.ids).allSatisfy { (0..<50).contains($0) })
    }
  }

  @Test("Medians are the middle value or the mean of the two middle ones")
  func takesMedians() {
    #expect(Bench.median([3, 1, 2]) == 2)
    #expect(Bench.median([4, 1, 2, 3]) == 2.5)
    #expect(Bench.median([]).isNaN)
  }

  @Test("Extraction and decoding of a tiny model report the tokens that were run")
  func runsJobs() throws {
    let model = try GeneratedModel.make(.tiny, layers: 2, dtype: .float32, seed: 0)
    let jobs = BenchJobs(model: model, tokenBudget: 1024)
    let prompts = BenchPrompts.drawn(count: 3, vocabulary: 1024, seed: 1)
    let sample = try jobs.extract(prompts.pairs)
    #expect(sample.tokensGiven == 2 * prompts.prompts.reduce(0) { $0 + $1.count + 2 })
    #expect(sample.tokensComputed == prompts.prompts.reduce(0) { $0 + $1.count + 4 })
    #expect(sample.time.wall > 0 && sample.time.processor > 0)
    let decoded = try jobs.decode(prompts.prompts, newTokens: 4)
    #expect(decoded.tokens == 9 && decoded.steps == 3 && decoded.time.wall > 0 && decoded.promptTime.wall > 0)
  }

  @Test(
    "Options out of range are refused with their range",
    arguments: [["--take", "0"], ["--new-tokens", "1"], ["--batches", "1,x"], ["--rounds", "0"], ["--pairs", "a"]])
  func refusesOptions(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try Bench.parse(arguments) }
  }
}
