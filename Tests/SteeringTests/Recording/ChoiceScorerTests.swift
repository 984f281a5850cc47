import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Log-probabilities of answers against sums worked out one answer at a time.
@Suite struct ChoiceScorerTests {
  /// The sum of log p of every token from `start` on, from a pass over the text alone.
  private func explicit(_ loaded: LoadedModel, _ text: String, from start: Int, edits: [Edit] = []) throws -> Double {
    let ids = loaded.tokenizer.encode(text, addSpecialTokens: true).ids
    let logits = try #require(try loaded.model.forward(PackedBatch([ids]), edits: edits, logits: .all).logits)
    var sum = 0.0
    for position in start..<ids.count {
      let row = try logits[position - 1].doubles()
      let largest = row.max() ?? 0
      sum += row[ids[position]] - largest - log(row.reduce(0) { $0 + exp($1 - largest) })
    }
    return sum
  }

  @Test(
    "The margin is the explicit difference of summed log-softmax, also among many choices", arguments: TinyModel.names)
  func marginsEqualExplicitSums(_ name: String) throws {
    let loaded = try TinyModel.load(name)
    let items = try Array(fixtureItems("political.jsonl").prefix(4)) + fixtureItems("philpapers-form.jsonl").prefix(6)
    let answers = try items.map { [try #require($0.matchingAnswer)] + $0.otherAnswers }
    #expect(answers.contains { $0.count > 2 })
    let scores = try ChoiceScorer(loaded.model, .plain(loaded.tokenizer)).logProbabilities(items.map(\.text), answers)
    for (item, (own, found)) in zip(items, zip(answers, scores)) {
      let start = loaded.tokenizer.encode(item.text, addSpecialTokens: true).ids.count
      let expected = try own.map { try explicit(loaded, item.text + $0, from: start) }
      for other in 1..<own.count {
        #expect(abs((found[0] - found[other]) - (expected[0] - expected[other])) < 2e-3, "\(item.id) \(own[other])")
      }
    }
  }

  @Test("Answers of different lengths, one beginning with the other, keep their difference")
  func differentLengths() throws {
    let loaded = try TinyModel.llama()
    let answers = [" yes", " yes, I do think so", " no"]
    let scores = try ChoiceScorer(loaded.model, .plain(loaded.tokenizer)).logProbabilities(["Well?"], [answers])[0]
    let start = loaded.tokenizer.encode("Well?", addSpecialTokens: true).ids.count
    let expected = try answers.map { try explicit(loaded, "Well?" + $0, from: start) }
    for i in 1..<3 { #expect(abs((scores[0] - scores[i]) - (expected[0] - expected[i])) < 1e-3) }
  }

  @Test("A single answer is scored over all of its tokens")
  func singleAnswer() throws {
    let loaded = try TinyModel.llama()
    let scores = try ChoiceScorer(loaded.model, .plain(loaded.tokenizer)).logProbabilities(
      ["Well?", "And?"], [[" yes, I do think so"], []])
    let start = loaded.tokenizer.encode("Well?", addSpecialTokens: true).ids.count
    let expected = try explicit(loaded, "Well? yes, I do think so", from: start)
    #expect(scores[1].isEmpty)
    #expect(try abs(#require(scores[0].first) - expected) < 1e-3)
  }

  @Test("Steered margins are those of passes with the same edit")
  func steeredMargins() throws {
    let loaded = try TinyModel.llama()
    let vector = try Tensor.randomNormal([64], seed: 4)
    let item = try #require(try fixtureItems("political.jsonl").first)
    let answers = [try #require(item.matchingAnswer)] + item.otherAnswers
    let start = loaded.tokenizer.encode(item.text, addSpecialTokens: true).ids.count
    let scorer = ChoiceScorer(
      loaded.model, .plain(loaded.tokenizer),
      edits: [SteeringEdit(layer: 1, .add(vector), positions: .fromPromptEnd)])
    let scores = try scorer.logProbabilities([item.text], [answers])[0]
    let edit = Edit(layer: 1, .add(vector), tokens: .tokens(Array(start - 1..<start + 3)))
    let expected = try answers.map { try explicit(loaded, item.text + $0, from: start, edits: [edit]) }
    #expect(abs((scores[0] - scores[1]) - (expected[0] - expected[1])) < 1e-3)
    let plain = try answers.map { try explicit(loaded, item.text + $0, from: start) }
    #expect(abs((scores[0] - scores[1]) - (plain[0] - plain[1])) > 1e-2, "the edit matters")
  }

  @Test("Edits are reported at the tokens that something is predicted from, counted by hand")
  func countsEditedTokens() throws {
    let loaded = try TinyModel.llama()
    let vector = try Tensor.randomNormal([64], seed: 4)
    let answers = [" yes, I do", " no"]
    let prompt = "Well?"
    let lengths = answers.map { loaded.tokenizer.encode(prompt + $0, addSpecialTokens: true).ids.count }
    let start = loaded.tokenizer.encode(prompt, addSpecialTokens: true).ids.count
    func report(_ positions: EditPositions) throws -> EditReport.Entry {
      let edit = SteeringEdit(layer: 1, .add(vector), positions: positions)
      let scorer = ChoiceScorer(loaded.model, .plain(loaded.tokenizer), edits: [edit])
      let scores = try scorer.scores([prompt, "And?"], texts: [answers.map { prompt + $0 }, []])
      return try #require(scores.edits.entries.first)
    }
    // Each answer's text without its last token, which predicts nothing.
    let all = try report(.all)
    #expect(all.positions == lengths[0] - 1 + lengths[1] - 1 && all.sequences == 1)
    #expect(try abs(all.meanShift - vector.norm().scalar()) < 1e-3)
    #expect(try report(.fromPromptEnd).positions == lengths[0] - start + lengths[1] - start)
    #expect(try report(.prompt).positions == 2 * start)
  }

  @Test(
    "An edit that reaches no token that something is predicted from is refused; without texts there is none to reach")
  func idleEdits() throws {
    let loaded = try TinyModel.llama()
    let start = loaded.tokenizer.encode("Answer:", addSpecialTokens: true).ids.count
    let letters = [" A", " B"]
    for letter in letters {
      #expect(loaded.tokenizer.encode("Answer:" + letter, addSpecialTokens: true).ids.count == start + 1)
    }
    let edit = SteeringEdit(layer: 1, .add(try Tensor.randomNormal([64], seed: 4)), positions: .generated)
    let scorer = ChoiceScorer(loaded.model, .plain(loaded.tokenizer), edits: [edit])
    let error = #expect(throws: TelltaleError.self) { try scorer.logProbabilities(["Answer:"], [letters]) }
    #expect(error?.isBadInput == true && error?.message.contains("touched nothing") == true)
    #expect(try scorer.logProbabilities(["Answer:"], [[]]) == [[]])
  }
}
