import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// What a mean difference must not depend on, and what it is by hand.
@Suite struct ContrastExtractionTests {
  private func pairs() throws -> [ContrastPair] {
    try fixtureItems("political.jsonl").map { try PromptBuilder.plain.pair(for: $0) }
  }

  private func run(
    _ loaded: LoadedModel, _ pairs: [ContrastPair], _ position: ReadPosition = .answer, budget: Int = 4096
  ) throws -> SteeringVectors {
    var extraction = VectorExtraction(try VectorRecipe(read: position), layers: [1, 3], seed: 7)
    extraction.tokenBudget = budget
    return try extraction.run(loaded, .plain(loaded.tokenizer), pairs)
  }

  /// The residual stream of a text run alone: [tokens, hidden] of one layer.
  private func stream(_ loaded: LoadedModel, _ text: String, layer: Int) throws -> [[Double]] {
    let ids = loaded.tokenizer.encode(text, addSpecialTokens: true).ids
    let output = try loaded.model.forward(PackedBatch([ids]), taps: Taps(layers: [layer]))
    let residual = try #require(output.residuals[layer])
    return try ids.indices.map { try residual[$0].doubles() }
  }

  @Test("Vectors, means and reliability do not depend on the token budget", arguments: TinyModel.names)
  func independentOfBudget(_ name: String) throws {
    let loaded = try TinyModel.load(name)
    let pairs = Array(try pairs().prefix(12))
    let whole = try run(loaded, pairs)
    for budget in [1, 300, 1000] {
      let part = try run(loaded, pairs, budget: budget)
      for layer in [1, 3] {
        #expect(try distance(part.vector(layer), whole.vector(layer)) < 2e-4, "budget \(budget)")
        #expect(distance(part.means[layer] ?? [], whole.means[layer] ?? []) < 2e-4)
        let (a, b) = (part.provenance.reliability[layer], whole.provenance.reliability[layer])
        #expect(try abs(#require(a) - #require(b)) < 1e-4)
      }
    }
  }

  @Test("Passes computed at the same time give the same bits as one after another")
  func independentOfThreads() throws {
    let loaded = try TinyModel.llama()
    let pairs = Array(try pairs().prefix(12))
    let (alone, together) = (
      try Runtime.withThreadCount(1) { try run(loaded, pairs, budget: 300) },
      try Runtime.withThreadCount(3) { try run(loaded, pairs, budget: 300) }
    )
    #expect(alone.layers == together.layers && alone.means == together.means)
    #expect(alone.provenance.reliability == together.provenance.reliability)
  }

  @Test("Pieces come back in order, and the first that fails is the one reported")
  func piecesInOrder() throws {
    var taken: [Int] = []
    try ConcurrentPasses.run(23, on: 3, { $0 * $0 }, then: { taken.append($1 == $0 * $0 ? $0 : -1) })
    #expect(taken == Array(0..<23))
    taken = []
    let failure = #expect(throws: TelltaleError.self) {
      try ConcurrentPasses.run(
        23, on: 3, { index in if index % 5 == 4 { throw TelltaleError(.failed, "\(index)") } else { index } },
        then: { index, _ in taken.append(index) })
    }
    #expect(failure?.message == "4" && taken == [0, 1, 2, 3])
  }

  @Test("Vectors and reliability do not depend on the order of the pairs")
  func independentOfOrder() throws {
    let loaded = try TinyModel.llama()
    let pairs = Array(try pairs().prefix(12))
    let (forwards, backwards) = (try run(loaded, pairs), try run(loaded, pairs.reversed()))
    for layer in [1, 3] {
      #expect(try distance(forwards.vector(layer), backwards.vector(layer)) < 1e-5)
      let (a, b) = (forwards.provenance.reliability[layer], backwards.provenance.reliability[layer])
      #expect(try abs(#require(a) - #require(b)) < 1e-5)
    }
  }

  @Test("Vector, mean and norm of one pair are those of two separate passes, read at the letter")
  func onePairByHand() throws {
    let loaded = try TinyModel.llama()
    let pair = try #require(try pairs().first)
    // The last three tokens of each text are "▁(", the letter and ")".
    let (a, b) = (
      try stream(loaded, pair.positiveText, layer: 3), try stream(loaded, pair.negativeText, layer: 3)
    )
    let (p, n) = (a[a.count - 2], b[b.count - 2])
    let vectors = try run(loaded, [pair])
    #expect(try distance(vectors.vector(3), zip(p, n).map { Float($0 - $1) }) < 1e-4)
    #expect(distance(try #require(vectors.means[3]), zip(p, n).map { Float(($0 + $1) / 2) }) < 1e-4)
    let norms = [p, n].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    #expect(try abs(#require(vectors.provenance.residualNorms[3]) - (norms[0] + norms[1]) / 2) < 1e-3)
    #expect(vectors.provenance.reliability[3] == nil)
  }

  @Test("answer-mean is the mean over the answer's four tokens")
  func answerMeanByHand() throws {
    let loaded = try TinyModel.llama()
    let pair = try #require(try pairs().first)
    // "▁", "(", the letter and ")".
    func mean(_ text: String) throws -> [Double] {
      let rows = try stream(loaded, text, layer: 1).suffix(4)
      return (0..<64).map { i in rows.reduce(0) { $0 + $1[i] } / 4 }
    }
    let expected = try zip(mean(pair.positiveText), mean(pair.negativeText)).map { Float($0 - $1) }
    #expect(try distance(run(loaded, [pair], .answerMean).vector(1), expected) < 1e-4)
  }

  @Test("Shared prefixes are computed once")
  func sharesPrefixes() throws {
    let loaded = try TinyModel.llama()
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let readable = try pairs().prefix(8).map {
      try encoder.readable(positive: $0.positiveText, negative: $0.negativeText, group: $0.item.group.id, at: .answer)
    }
    let result = try extraction([0]).estimate(loaded.model, Array(readable))
    // Each pair differs in its last two tokens.
    let once = readable.reduce(0) { $0 + $1.positive.ids.count + 2 }
    #expect(result.tokensComputed == once)
  }

  @Test("Reading answers at the prompt, and texts that differ in their ends only, is refused with what to do instead")
  func refusesThePrompt() throws {
    let loaded = try TinyModel.llama()
    #expect(message { _ = try VectorRecipe(read: .prompt) }.contains("read at answer, answer-mean or continuation"))
    let texts = try pairs().prefix(3).map { TextPair(positive: $0.positiveText, negative: $0.negativeText) }
    let extraction = VectorExtraction(try VectorRecipe(.texts, read: .prompt), layers: [1], seed: 7)
    let text = message { _ = try extraction.run(loaded, texts, named: "texts") }
    #expect(text.contains("identical up to the read position") && text.contains("read at the answer"))
  }

  private func extraction(_ layers: [Int]) throws -> VectorExtraction {
    VectorExtraction(try VectorRecipe(), layers: layers, seed: 0)
  }

  @Test("Nothing to extract and nowhere to extract it are refused")
  func refusesNothing() throws {
    let loaded = try TinyModel.llama()
    #expect(message { _ = try run(loaded, []) }.contains("no pairs"))
    let pair = ReadablePair(positive: ReadableText(lastOf: [1, 2]), negative: ReadableText(lastOf: [1, 3]), group: "")
    #expect(message { _ = try extraction([]).estimate(loaded.model, [pair]) }.contains("no layers"))
    #expect(message { _ = try extraction([4]).estimate(loaded.model, [pair]) }.contains("layer 4 does not exist"))
  }
}
