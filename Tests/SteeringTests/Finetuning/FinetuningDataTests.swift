import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Tokenizers

@testable import Steering

@Suite struct FinetuningDataTests {
  private let encoder: PromptEncoder
  private let folder: ScratchFolder

  init() throws {
    encoder = .plain(try Tokenizer.load(directory: Fixtures.file("models/tiny-llama3")))
    folder = try ScratchFolder()
  }

  private func item(_ line: String) throws -> Item {
    try Dataset.load(folder.write(line, to: "rows.jsonl"))[0]
  }

  private func text(_ ids: [Int]) -> String { encoder.tokenizer.decode(ids, skipSpecialTokens: false) }

  @Test("The predicted tokens are exactly the answer's")
  func predictedTokensExactly() throws {
    let row = try item(
      #"{"question": "Is it so?\n (A) Yes\n (B) No\nAnswer:", "answer": " (A)", "contrastive_answer": " (B)"}"#)
    for (side, answer) in [(FinetuningSide.behaviour, " (A)"), (.opposite, " (B)")] {
      let sequence = try encoder.trainingSequence(for: row, side)
      let predicted = sequence.predicted.map { sequence.tokens[$0] }
      #expect(text(predicted) == answer)
      #expect(sequence.predicted.last == sequence.tokens.count - 1)
      #expect(text(Array(sequence.tokens[..<sequence.predicted[0]])).hasSuffix("Answer:"))
    }
  }

  @Test("The end of the answer is predicted where asked for")
  func endAnswerPredicted() throws {
    let row = try item(#"{"question": "Is the sky green?", "answer": "It is."}"#)
    let without = try encoder.trainingSequence(for: row, .behaviour)
    let with = try encoder.trainingSequence(for: row, .behaviour, endsSequence: true)
    #expect(with.tokens == without.tokens + [try #require(encoder.tokenizer.eosTokenID)])
    #expect(with.predicted == without.predicted + [without.tokens.count])
  }

  @Test("Rows with an answer alone are read, and their missing opposite is named")
  func rowsAnswerAlone() throws {
    let row = try item(#"{"question": "Is the sky green?", "answer": "It is."}"#)
    #expect(row.matchingAnswer == "It is." && row.otherAnswers.isEmpty)
    let error = #expect(throws: TelltaleError.self) { try encoder.trainingSequence(for: row, .opposite) }
    #expect(error?.description.contains("row 0") == true && error?.isBadInput == true)
    #expect(error?.message.contains("no contrastive answer") == true)
  }
}
