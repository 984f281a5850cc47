import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import TelltaleBench

@Suite(.tags(.process)) struct BenchTests {
  @Test("The operations of an extraction are counted by hand, of the last block keys and values alone for all tokens")
  func countsOperations() throws {
    let model = try GeneratedModel.configuration(.tiny, layers: 3)
    // A tiny block: 4 x 128 x 128 for attention, 3 x 128 x 384 for the feed-forward network. Of the last block, all but
    // keys and values (2 x 16,384 + 147,456) runs on the 3 tokens read, not on all 10.
    let block = 4 * 16_384 + 3 * 49_152
    let last = 2 * 16_384 * 10 + (2 * 16_384 + 147_456) * 3
    #expect(BenchJobs.extractionOperations(model, blocks: 2, tokens: 10, read: 3) == Double(2 * (block * 10 + last)))
    #expect(
      BenchJobs.extractionOperations(model, blocks: 3, tokens: 10, read: 3) == Double(2 * (2 * block * 10 + last)))
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

  @Test("Pairs of stated lengths have them, and a length of none is refused")
  func drawsLengths() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("lengths-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(
      """
      {"shared": 7, "positive": 2, "negative": 3}
      {"shared": 1, "positive": 1, "negative": 1, "count": 3}
      """.utf8
    ).write(to: file)
    let pairs = try BenchPrompts.drawn(lengths: file.path, count: 9, vocabulary: 50, seed: 1).pairs
    #expect(pairs.map(\.positive.ids.count).sorted() == [2, 2, 2, 9])
    #expect(pairs.map(\.negative.ids.count).sorted() == [2, 2, 2, 10])
    #expect(pairs.map { PackedBatch.commonPrefix([$0.positive.ids, $0.negative.ids]) }.sorted() == [1, 1, 1, 7])
    #expect(try BenchPrompts.drawn(lengths: file.path, count: 2, vocabulary: 50, seed: 1).pairs.count == 2)
    try Data(#"{"shared": 0, "positive": 2, "negative": 3}"#.utf8).write(to: file)
    #expect(throws: TelltaleError.self) {
      try BenchPrompts.drawn(lengths: file.path, count: 9, vocabulary: 50, seed: 1)
    }
  }

  @Test("Every operation of a block is timed, and matrix products have a rate")
  func breaksDown() throws {
    let model = try GeneratedModel.make(.tiny, layers: 1, dtype: .float32, seed: 0)
    let rows = try BenchBreakdown(model, rows: 24, length: 10).measure()
    #expect(rows.allSatisfy { $0.device >= $0.host && $0.host > 0 } && rows.compactMap(\.rate).count == 5)
  }

  @Test(
    "A model's own reference outputs hold on the CPU, in float32 and in bfloat16",
    arguments: [DType.float32, .bfloat16])
  func holdsParity(_ dtype: DType) throws {
    let directory = Fixtures.file("models/tiny-llama3")
    let rows = try BenchParity(directory: directory, dtype: dtype, device: .cpu).rows()
    #expect(rows.count == 9 && rows.allSatisfy(\.holds), "\(rows)")
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
    let sample = try jobs.extract(prompts.pairs, layers: [0, 1])
    #expect(sample.tokensGiven == 2 * prompts.prompts.reduce(0) { $0 + $1.count + 2 })
    #expect(sample.tokensComputed == prompts.prompts.reduce(0) { $0 + $1.count + 4 })
    #expect(sample.time.wall > 0 && sample.time.processor > 0)
    let decoded = try jobs.decode(prompts.prompts, newTokens: 4)
    #expect(decoded.tokens == 9 && decoded.steps == 3 && decoded.time.wall > 0 && decoded.promptTime.wall > 0)
  }

  @Test("The layers of a sweep are spread evenly, and more than the model has are refused")
  func spreadsLayers() throws {
    #expect(try BenchSweep.spread(8, over: 30) == [1, 5, 9, 13, 16, 20, 24, 28])
    #expect(try BenchSweep.spread(3, over: 3) == [0, 1, 2])
    #expect(throws: TelltaleError.self) { try BenchSweep.spread(4, over: 3) }
  }

  private struct Sweep: Decodable {
    struct Rule: Decodable {
      var editPositions: String
      var items, cells: Int
      var measured, counted, onePassSeconds: Double
      var isUnderTwelve: Bool
    }
    var editedLayers: [Int]
    var rules: [Rule]
  }

  @Test("A sweep states for every rule what it costs in passes, rules that edit the prompt as the layers above say")
  func sweeps() throws {
    let outcome = try Binary.succeed(
      program: "telltale-bench",
      [
        "--sweep", "--shape", "tiny", "--items", "3", "--sweep-layers", "2", "--sweep-scales", "2",
        "--sweep-positions", "from-prompt-end", "generated", "first-generated", "all", "prompt",
        "--whole-prompt-items", "1", "--rounds", "1", "--json",
      ])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let sweep = try decoder.decode(Sweep.self, from: Data(outcome.output.utf8))
    #expect(sweep.editedLayers == [1, 4])
    #expect(sweep.rules.map(\.editPositions) == ["from-prompt-end", "generated", "first-generated", "all", "prompt"])
    #expect(sweep.rules.map(\.items) == [3, 3, 3, 1, 1] && sweep.rules.allSatisfy { $0.cells == 5 })
    #expect(sweep.rules.allSatisfy { $0.onePassSeconds > 0 && $0.measured > 0 })
    #expect(sweep.rules[..<3].allSatisfy { $0.counted > 1 && $0.counted < 2 })
    // One pass, and for two scales each the four and the one of six blocks above layers 1 and 4; the logits add a little.
    #expect(sweep.rules[3...].allSatisfy { abs($0.counted - (1 + 2 * 5.0 / 6)) < 0.1 })
    #expect(sweep.rules.allSatisfy { !$0.isUnderTwelve || max($0.measured, $0.counted) < 12 })
  }

  @Test("A sweep of more layers than the model has, and no items, are refused in one sentence")
  func refusesSweeps() throws {
    for (arguments, expected) in [
      (["--sweep-layers", "7"], "--sweep-layers 6"), (["--items", "0"], "from 1 to 100000"),
    ] {
      let outcome = try Binary.run(program: "telltale-bench", ["--sweep", "--shape", "tiny"] + arguments)
      #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.contains(expected), "\(outcome.errors)")
    }
  }

  @Test(
    "Options out of range are refused with their range",
    arguments: [
      ["--take", "0"], ["--new-tokens", "1"], ["--batches", "1,x"], ["--rounds", "0"], ["--pairs", "a"],
      ["--whole-prompt-items", "0"],
    ])
  func refusesOptions(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try Bench.parse(arguments) }
  }
}
