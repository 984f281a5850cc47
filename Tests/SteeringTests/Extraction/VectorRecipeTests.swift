import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing

@testable import Steering

/// What a recipe says, what it refuses, and what its vectors state.
@Suite struct VectorRecipeTests {
  @Test("Where nothing is said, answers and texts are read at the answer, all else at the prompt, by the mean")
  func defaults() throws {
    let recipes = try [
      VectorRecipe(), VectorRecipe(.texts), VectorRecipe(.spontaneous), VectorRecipe(.models, against: "other"),
      VectorRecipe(.instructions, positive: ["Agree."], negative: ["Disagree."]),
    ]
    #expect(recipes.map(\.contrast) == [.answers, .texts, .spontaneous, .models, .instructions])
    #expect(recipes.map(\.read) == [.answer, .answer, .prompt, .prompt, .prompt])
    #expect(recipes.allSatisfy { $0.estimator == .mean && $0.maxTokens == 64 })
  }

  /// The key that is refused, and why.
  private func refusal(_ make: () throws -> VectorRecipe) -> (key: String?, sentence: String) {
    let error = #expect(throws: TelltaleError.self) { _ = try make() }
    return (error?.location?.item, error?.message ?? "")
  }

  @Test("What does not fit together is refused by its key, with a remedy")
  func refusals() {
    let told = refusal { try VectorRecipe(.answers, positive: ["Agree."]) }
    #expect(told.key == "positive" && told.sentence.contains("not with answers"))
    let alone = refusal { try VectorRecipe(.models) }
    #expect(alone.key == "against" && alone.sentence.contains("needs the model"))
    let stray = refusal { try VectorRecipe(.spontaneous, against: "other") }
    #expect(stray.key == "against" && stray.sentence.contains("not with spontaneous"))
    let pairs = refusal { try VectorRecipe(.spontaneous, estimator: .pca) }
    #expect(pairs.key == "estimator" && pairs.sentence.contains("use mean, probe or discriminant"))
    let prompt = refusal { try VectorRecipe(.answers, read: .prompt) }
    #expect(prompt.key == "read" && prompt.sentence.contains("read at answer"))
    let recorded = refusal { try VectorRecipe(.spontaneous, read: .answer) }
    #expect(recorded.key == "read" && recorded.sentence.contains("prompt, continuation and turns"))
    let short = refusal { try VectorRecipe(.instructions, positive: ["a"], negative: ["b"], maxTokens: 0) }
    #expect(short.key == "max-tokens")
  }

  @Test("Contrasts are read by their names and by those of earlier versions")
  func names() {
    let names = ["answers", "contrast-pairs", "class-mean", "model-difference", "instructions", "magic"]
    #expect(
      names.map { VectorRecipe.Contrast(named: $0) } == [.answers, .answers, .spontaneous, .models, .instructions, nil])
  }

  @Test("The data's hash is SHA-256 of the rows as they are put: it changes with the rows, their order and the prompt")
  func dataHashes() throws {
    let loaded = try TinyModel.llama()
    let plain = PromptEncoder.plain(loaded.tokenizer)
    let items = Array(try fixtureItems("political.jsonl").prefix(3))
    let whole = try plain.dataHash(items)
    #expect(try whole.count == 64 && whole == plain.dataHash(items))
    #expect(try whole != plain.dataHash(items.reversed()) && whole != plain.dataHash(Array(items.prefix(2))))
    #expect(try whole != PromptEncoder.chat(loaded.tokenizer, template: "zephyr").dataHash(items))
    // printf '1:a-1:\n2:bc\n' | sha256sum
    let byHand = "f7235c9ec0f880912714fa18a9a827582cd92237557722d73be3614796bb854d"
    #expect(DataHash.of([["a", nil], ["bc"]]) == byHand)
  }

  @Test("Every contrast states its recipe and its data's hash")
  func stated() throws {
    let loaded = try TinyModel.llama()
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let items = Array(try fixtureItems("political.jsonl").prefix(3))
    let recipes = try [
      VectorRecipe(estimator: .probe), VectorRecipe(.instructions, positive: ["Agree."], negative: ["Disagree."]),
    ]
    for recipe in recipes {
      let stated = try VectorExtraction(recipe, layers: [1], seed: 0).run(loaded, encoder, items).provenance
      #expect(stated.contrast == recipe.contrast.rawValue && stated.estimator == recipe.estimator.rawValue)
      #expect(try stated.dataHash == encoder.dataHash(items) && stated.data == "political.jsonl")
    }
    let texts = [TextPair(positive: "Yes, I agree.", negative: "No, I do not.")]
    let stated = try VectorExtraction(VectorRecipe(.texts), layers: [1], seed: 0).run(loaded, texts, named: "t.jsonl")
      .provenance
    #expect(stated.contrast == "texts" && stated.dataHash?.count == 64 && stated.data == "t.jsonl")
    #expect(
      message { _ = try VectorExtraction(VectorRecipe(.texts), layers: [1], seed: 0).run(loaded, encoder, items) }
        .contains("no pairs of texts"))
  }
}
