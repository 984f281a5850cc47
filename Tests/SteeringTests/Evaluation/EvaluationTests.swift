import Foundation
import Foundations
import LanguageModels
import Statistics
import TestSupport
import Testing
import Torch

@testable import Steering

/// Evaluations against numbers worked out from raw logits, and against transformers.
@Suite struct EvaluationTests {
  private struct Golden: Decodable {
    struct Row: Decodable {
      var question: String
      var mc1: Double
      var mc2: Double
      var mc3: Double
      var scores: [Double]
    }
    var rows: [Row]
    var text: String
    var textTokens: Int
    var textLoss: Double

    static func read() throws -> Golden {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Golden.self, from: Data(contentsOf: Fixtures.file("evaluation/golden.json")))
    }
  }

  @Test("MC1, MC2 and MC3 follow their definitions")
  func definitions() {
    let score = TruthfulQAScore(
      best: log(0.2), falseBest: [log(0.1), log(0.3)], correct: [log(0.2), log(0.4)], incorrect: [log(0.1), log(0.3)])
    #expect(score.mc1 == 0 && abs(score.mc2 - 0.6) < 1e-12 && score.mc3 == 0.5)
    #expect(TruthfulQAScore(best: -1, falseBest: [-1], correct: [-1], incorrect: [-1]).mc1 == 0, "a tie is not won")
  }

  @Test("MC1, MC2 and MC3 equal a computation with transformers")
  func truthfulQAEqualsTransformers() throws {
    let loaded = try TinyModel.llama()
    let items = try Dataset.load(Fixtures.file("datasets/mc_task.json"))
    let golden = try Golden.read()
    let result = try TruthfulQAEvaluation(loaded, .plain(loaded.tokenizer)).run(items, cells: [.unsteered])
    #expect(golden.rows.map(\.question) == items.map(\.text))
    for (row, score) in zip(golden.rows, result.scores[0]) {
      #expect(score.mc1 == row.mc1 && abs(score.mc3 - row.mc3) < 1e-9, "\(row.question)")
      #expect(abs(score.mc2 - row.mc2) < 1e-3, "\(row.question)")
    }
  }

  @Test("Perplexity equals transformers' over one window")
  func perplexityEqualsTransformers() throws {
    let golden = try Golden.read()
    let result = try PerplexityEvaluation(TinyModel.llama()).run([golden.text], cells: [.unsteered])
    #expect(result.tokens == [golden.textTokens])
    #expect(abs(result.loss(cell: 0) - golden.textLoss) < 1e-4)
    #expect(abs(result.perplexity(cell: 0) - exp(golden.textLoss)) < 1e-3 * exp(golden.textLoss))
  }

  @Test("Windows score every token but the first once, with the context that the stride leaves")
  func windows() throws {
    let windows = PerplexityEvaluation.windows(10, window: 4, stride: 2)
    #expect(windows.map(\.range) == [0..<4, 2..<6, 4..<8, 6..<10] && windows.map(\.seen) == [0, 1, 1, 1])
    for (window, stride) in [(4, 4), (5, 1), (2, 2), (100, 50), (3, 2)] {
      var scored: [Int] = []
      for (range, seen) in PerplexityEvaluation.windows(23, window: window, stride: stride) {
        scored += range.dropFirst(1 + seen)
      }
      #expect(scored == Array(1..<23), "window \(window), stride \(stride)")
    }
    let loaded = try TinyModel.llama()
    let golden = try Golden.read()
    let ids = loaded.tokenizer.encode(golden.text, addSpecialTokens: true).ids
    let result = try PerplexityEvaluation(loaded, window: 6, stride: 3).run([golden.text], cells: [.unsteered])
    let expected = try PerplexityEvaluation.windows(ids.count, window: 6, stride: 3).flatMap { range, seen in
      try GridScorerTests.explicit(loaded.model, Array(ids[range]), from: 1).dropFirst(seen)
    }
    #expect(abs(result.loss(cell: 0) + expected.reduce(0, +) / Double(ids.count - 1)) < 1e-4)
  }

  @Test("The probabilities of two answers and their mass are those of the raw logits")
  func choicesEqualRawLogits() throws {
    let loaded = try TinyModel.llama()
    let item = try #require(try fixtureItems("political.jsonl").first)
    let result = try ChoiceEvaluation(loaded, .plain(loaded.tokenizer)).run([item], cells: [.unsteered])
    let score = result.scores[0][0]
    let start = loaded.tokenizer.encode(item.text, addSpecialTokens: true).ids.count
    let answers = [try #require(item.matchingAnswer)] + item.otherAnswers
    let ids = answers.map { loaded.tokenizer.encode(item.text + $0, addSpecialTokens: true).ids }
    let logs = try ids.map { try GridScorerTests.explicit(loaded.model, $0, from: start) }
    let place = PackedBatch.commonPrefix(ids) - start
    let letters = logs.map { exp($0[place]) }
    let sums = logs.map { exp($0.reduce(0, +)) }
    #expect(abs(score.probability - letters[0] / (letters[0] + letters[1])) < 1e-3)
    #expect(abs(score.mass / (letters[0] + letters[1]) - 1) < 1e-3)
    #expect(abs(score.summedProbability - sums[0] / (sums[0] + sums[1])) < 1e-3)
    #expect(abs(score.summedMass / (sums[0] + sums[1]) - 1) < 1e-2)
    #expect(abs(score.margin - log(sums[0] / sums[1])) < 2e-3)
  }

  @Test("MMLU's CSV becomes questions with lettered answers; an answer that is none is refused with its line")
  func exams() throws {
    let table = try CSVTable(
      parsing: "question,A,B,C,D,answer\nTwo and two?,3,4,5,6,B\nOne?,1,2,3,4,0\n", file: "exam.csv")
    let items = try ExamReader.items(in: table, source: "exam.csv")
    #expect(items[0].text == "Two and two?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer:")
    #expect(items[0].matchingAnswer == " B" && items[0].otherAnswers == [" A", " C", " D"])
    #expect(items[1].matchingAnswer == " A" && items[1].matchingLetter == "A")
    let wrong = try CSVTable(parsing: "question,A,B,C,D,answer\nTwo?,3,4,5,6,E\n", file: "exam.csv")
    let error = #expect(throws: TelltaleError.self) { try ExamReader.items(in: wrong, source: "exam.csv") }
    #expect(error?.location?.line == 2 && error?.isBadInput == true)
  }

  @Test("A clustered mean of one row a group is the textbook interval; proportions stay in 0 to 1")
  func clusteredMeans() throws {
    let mean = try #require(ClusteredMean([1, 2, 3, 4], groups: ["a", "b", "c", "d"]))
    let variance = try #require(mean.variance)
    #expect(mean.mean == 2.5 && abs(variance - 5.0 / 3 / 4) < 1e-12)
    // Two groups of two equal rows: (G/(G-1)) ((2 * 1)^2 + (2 * 1)^2) / 4^2 = 2 * 8 / 16.
    let pairs = try #require(ClusteredMean([1, 1, 3, 3], groups: ["a", "a", "b", "b"]))
    let clustered = try #require(pairs.variance)
    #expect(pairs.mean == 2 && abs(clustered - 1) < 1e-12)
    #expect(ClusteredMean([0, 0], groups: ["a", "b"], proportion: true)?.interval()?.low == 0)
    #expect(ClusteredMean([0, 0], groups: ["a", "b"])?.interval() == nil)
    #expect(ClusteredMean([1, 0.9], groups: ["a", "b"], proportion: true)?.interval()?.high == 1)
  }

  @Test("Slopes and the variance that a category explains are those worked out by hand")
  func slopes() {
    #expect(Measures.slope([1, 3, 5], on: [-1, 0, 1]) == 2 && Measures.slope([1, 2], on: [1, 1]) == nil)
    #expect(Measures.varianceExplained([1, 1, 3, 3], by: ["A", "A", "B", "B"]) == 1)
    #expect(Measures.varianceExplained([1, 3, 1, 3], by: ["A", "A", "B", "B"]) == 0)
  }
}
