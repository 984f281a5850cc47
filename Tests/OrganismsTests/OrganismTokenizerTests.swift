import Foundation
import LanguageModels
import Organisms
import Testing
import Tokenizers

@testable import Organisms
@testable import Steering

/// The organisms' tokenizer against Hugging Face's reading of the same files.
@Suite struct OrganismTokenizerTests {
  private func withTokenizer(_ body: (Tokenizer) throws -> Void) throws {
    try OrganismFixtures.withDirectory { directory in
      try OrganismDirectory.writeConfiguration(to: directory)
      try body(try Tokenizer.load(directory: directory))
    }
  }

  @Test("The answer letter is a token of its own and the prompt ends with a colon")
  func splitsAnswers() throws {
    try withTokenizer { tokenizer in
      let ids = tokenizer.encode("Answer: (A)", addSpecialTokens: true).ids
      #expect(ids.map { tokenizer.token($0) ?? "" } == ["<|begin|>", "Answer", ":", "\u{0120}(", "A", ")"])
      #expect(tokenizer.bosTokenID == 0 && tokenizer.eosTokenID == 1)
    }
  }

  @Test("Token ids equal Hugging Face's on texts of the world and outside of it")
  func equalsTheReference() throws {
    let sets = ["opinions-101", "facts-102-held-out-instructed", "training-7", "tokens"]
    try withTokenizer { tokenizer in
      for row in try sets.flatMap(OrganismFixtures.rows) {
        #expect(tokenizer.encode(row.text + (row.answer ?? ""), addSpecialTokens: true).ids == row.ids)
      }
    }
  }

  @Test("Every text of the world is whole words and reads back the same")
  func coversTheWorld() throws {
    // A line feed (spelt U+010A), one-letter words and punctuation are whole as bytes; nothing else may be spelt in them.
    let whole = Set(["\u{010A}", "A", "B", "I", "(", ")", ":", ".", ",", "?"])
    try withTokenizer { tokenizer in
      for kind in OrganismWorld.Kind.allCases {
        for cues in OrganismWorld.Cues.allCases {
          for item in try OrganismWorld.items(kind, count: 480, seed: 21, instructed: 0.5, cues: cues) {
            let ids = tokenizer.encode(item.text, addSpecialTokens: true).ids
            let bytes = ids.filter { (2..<258).contains($0) }.compactMap { tokenizer.token($0) }
            #expect(whole.isSuperset(of: bytes), "\(item.text)")
            #expect(tokenizer.decode(ids, skipSpecialTokens: true) == item.text)
          }
        }
      }
    }
  }
}
