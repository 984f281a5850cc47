import CheckpointSupport
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Vectors from two models on one text, from responses to instructions, and from recordings.
@Suite struct SourcesTests {
  private func questions(_ count: Int) throws -> [Item] { Array(try fixtureItems("political.jsonl").prefix(count)) }

  private func extraction(_ recipe: VectorRecipe) -> VectorExtraction {
    VectorExtraction(recipe, layers: [1, 3], seed: 2)
  }

  private let models = Result { try VectorRecipe(.models, against: "other") }

  // MARK: Two models

  /// tiny-llama with one of its matrices changed.
  private func changedModel() throws -> (LoadedModel, ScratchCheckpoint) {
    let copy = try ScratchCheckpoint("models/tiny-llama")
    try copy.rewrite { tensors in
      let name = "model.layers.1.mlp.down_proj.weight"
      tensors[name] = try #require(tensors[name]) * 1.5
    }
    return (try LoadedModel(copy.path, dtype: .float32), copy)
  }

  @Test("The difference of two models is the mean over prompts of one stream minus the other's, by hand")
  func modelDifferenceByHand() throws {
    let base = try TinyModel.llama()
    let (changed, copy) = try changedModel()
    let items = try questions(4)
    let encoder = PromptEncoder.plain(base.tokenizer)
    let vectors = try extraction(models.get()).run(changed, minus: base, encoder, items)
    var expected = [Double](repeating: 0, count: 64)
    for item in items {
      let ids = encoder.encode(try encoder.prompt(item)).ids
      func last(_ loaded: LoadedModel) throws -> [Double] {
        let output = try loaded.model.forward(PackedBatch([ids]), taps: Taps(layers: [3]))
        return try #require(output.residuals[3])[ids.count - 1].doubles()
      }
      let difference = try zip(last(changed), last(base)).map(-)
      expected = zip(expected, difference).map { $0 + $1 / 4 }
    }
    #expect(try distance(vectors.vector(3), expected.map(Float.init)) < 2e-4)
    #expect(vectors.provenance.contrast == "models" && vectors.provenance.against == base.name)
    #expect(vectors.provenance.model == copy.path && vectors.provenance.pairs == 4)
  }

  @Test("Below the changed layer the two models are one; the same model, or one with other tokens, is refused")
  func refusesEqualAndForeignModels() throws {
    let base = try TinyModel.llama()
    let (changed, copy) = try changedModel()
    let encoder = PromptEncoder.plain(base.tokenizer)
    let items = try questions(3)
    func refuse(_ sentence: String, _ loaded: LoadedModel, _ other: LoadedModel, layers: [Int]) throws {
      var extraction = try extraction(models.get())
      extraction.layers = layers
      let text = message { _ = try extraction.run(loaded, minus: other, encoder, items) }
      #expect(text.contains(sentence) && !text.contains("\n"), "\(text)")
    }
    try refuse("the same activations on every text", base, base, layers: [1, 3])
    try refuse("the same activations on every text", changed, base, layers: [0])
    try refuse("different tokenizers", base, try TinyModel.load("tiny-qwen2"), layers: [1])
    #expect(!copy.path.isEmpty)
  }

  // MARK: Instructions

  @Test("Responses to instructions: the mean over each response's tokens, as separate passes give it")
  func responsesByHand() throws {
    let loaded = try TinyModel.llama()
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let items = try questions(3)
    let recipe = try VectorRecipe(
      .instructions, read: .continuationMean, positive: ["Agree with me.", "Say yes."], negative: ["Be honest."],
      maxTokens: 5)
    let vectors = try extraction(recipe).run(loaded, encoder, items)
    var expected = [Double](repeating: 0, count: 64)
    for (index, item) in items.enumerated() {
      let prompts = try recipe.prompts(item, number: index, encoder)
      func mean(_ ids: [Int]) throws -> [Double] {
        var options = GenerationOptions(maxTokens: 5)
        options.stopTokens = loaded.stopTokens
        let response = try Generator.generate(loaded.model, prompts: [ids], options: options)[0].tokens
        let output = try loaded.model.forward(PackedBatch([ids + response]), taps: Taps(layers: [3]))
        return try #require(output.residuals[3]).narrowed(0, ids.count..<ids.count + response.count).mean(0).doubles()
      }
      let difference = try zip(mean(prompts.positive), mean(prompts.negative)).map(-)
      expected = zip(expected, difference).map { $0 + $1 / 3 }
    }
    #expect(try distance(vectors.vector(3), expected.map(Float.init)) < 5e-4)
    #expect(vectors.provenance.contrast == "instructions" && vectors.provenance.read == "continuation-mean")
  }

  @Test("An instruction is a system message where the template takes one, and words before the text where not")
  func instructionsAsSystemMessages() throws {
    let item = try questions(1)[0]
    let tokenizer = try TinyModel.llama().tokenizer
    let llama = try PromptEncoder.chat(tokenizer, template: "llama-2").prompt(item, under: "Agree.")
    #expect(llama.contains("<<SYS>>\nAgree.\n<</SYS>>"))
    let mistral = try PromptEncoder.chat(tokenizer, template: "mistral").prompt(item, under: "Agree.")
    #expect(mistral.contains("[INST] Agree. \(item.text)"))
    #expect(try PromptEncoder.plain(tokenizer).prompt(item, under: "Agree.") == "Agree. \(item.plainPrompt)")
  }

  @Test("Instructions cannot be read at a given answer, and must differ")
  func refusesInstructions() throws {
    let answer = message {
      _ = try VectorRecipe(.instructions, read: .answer, positive: ["Agree."], negative: ["Disagree."])
    }
    #expect(answer.contains("no given answers"))
    let equal = message { _ = try VectorRecipe(.instructions, positive: ["Agree."], negative: ["Agree."]) }
    #expect(equal.contains("instructions are the same"))
    let none = message { _ = try VectorRecipe(.instructions, negative: ["Agree."]) }
    #expect(none.contains("at least one positive"))
  }

  // MARK: Recordings

  /// Rows of two classes whose activations are given.
  private func recording(_ values: [[Float]], labels: [Int?]) throws -> Recording {
    let rows = labels.enumerated().map { index, label in
      var row = RecordedRow(
        id: "\(index)", group: "group \(index / 2)", question: "", source: "data", row: index, prompt: "",
        continuation: "", end: "stop", labelSource: .letter, promptTokens: 1, promptToken: 0, promptTokenText: "")
      row.label = label
      return row
    }
    let streams = try Tensor(values.flatMap { $0 }, shape: [values.count, 1, values[0].count])
    return Recording(rows: rows, layers: [5], activations: [.prompt: streams])
  }

  @Test("Rows of a recording: class means, discriminant and probe by hand; rows without a label do not count")
  func recordingsByHand() throws {
    let values: [[Float]] = [[3, 4], [-1, -2], [3, 0], [1, 2], [1, 4], [-1, 2], [1, 0], [1, -2], [90, 90]]
    let recording = try recording(values, labels: [1, 0, 1, 0, 1, 0, 1, 0, nil])
    #expect(try recording.vectors(at: .prompt, seed: 1).layers == [5: [2, 2]])
    // Within classes the first coordinate has variance 1 and the second 4, uncorrelated.
    let probe = try recording.vectors(at: .prompt, estimator: .probe, seed: 1)
    let discriminant = try recording.vectors(at: .prompt, estimator: .discriminant, seed: 1)
    for vectors in [probe, discriminant] {
      let found = try vectors.vector(5)
      #expect(found[0] > found[1] && found[1] > 0 && abs(vectors.norm(5) - 1) < 1e-6)
      #expect(vectors.provenance.pairs == 8 && vectors.provenance.positiveShare == nil)
    }
  }

  @Test("Estimators of pairs, and recordings of one class, are refused")
  func refusesRecordings() throws {
    let one = try recording([[1, 2], [3, 4]], labels: [1, 1])
    #expect(message { _ = try one.vectors(at: .prompt, seed: 0) }.contains("2 rows with the behaviour and 0 without"))
    for estimator in [Estimator.pca, .pcaCentred, .logistic] {
      let text = message { _ = try one.vectors(at: .prompt, estimator: estimator, seed: 0) }
      #expect(text.contains("\(estimator.rawValue) is made from pairs"))
    }
    #expect(message { _ = try one.vectors(at: .continuation, seed: 0) }.contains("no activations at \"continuation\""))
  }
}
