import Foundation
import TestSupport
import Testing

@testable import Tokenizers

/// The tokenizers of further families against transformers' ids of the goldens' prompts: Gemma's split at a space, digits by
/// themselves, NFC, byte fallback.
@Suite(.enabled(if: Fixtures.hasShared("models/tiny-gpt2"), "needs ../shared/models"))
struct FamilyTokenizerTests {
  private struct Golden: Decodable {
    struct Prompt: Decodable {
      let text: String
      let ids: [Int]
      let greedy: [Int]
      let greedyText: String
    }
    let prompts: [Prompt]
  }

  @Test(
    "A prompt's ids and a continuation's text are transformers'",
    arguments: [
      "tiny-qwen3", "tiny-qwen3-moe", "tiny-gemma2", "tiny-gemma3", "tiny-olmo2", "tiny-phi3", "tiny-gpt-neox",
      "tiny-gpt2", "tiny-mixtral", "tiny-smollm3", "tiny-granite", "tiny-gpt-oss",
    ])
  func equalsTheReference(_ name: String) throws {
    let folder = Fixtures.shared("models/\(name)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let golden = try decoder.decode(Golden.self, from: Data(contentsOf: folder.appending(path: "golden.json")))
    let tokenizer = try Tokenizer.load(directory: folder)
    #expect(golden.prompts.count == 6)
    for prompt in golden.prompts {
      // A rendered chat says itself where it begins.
      let isRendered = ["<bos>", "<s>"].contains { prompt.text.hasPrefix($0) }
      #expect(tokenizer.encode(prompt.text, addSpecialTokens: !isRendered).ids == prompt.ids)
      #expect(tokenizer.decode(prompt.greedy, skipSpecialTokens: false) == prompt.greedyText)
    }
  }
}
