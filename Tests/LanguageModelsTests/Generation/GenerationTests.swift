import Foundation
import Testing
import Torch

@testable import LanguageModels

/// Generation against transformers' greedy continuations: plain, steered and ablated, alone and together.
@Suite struct GenerationTests {
  enum Variant: String, CaseIterable {
    case greedy
    case steeredGreedy = "steered_greedy"
    case ablatedGreedy = "ablated_greedy"
  }

  static func edits(_ variant: Variant, _ file: SafetensorsFile, layers: Int) throws -> [SteeringEdit] {
    switch variant {
    case .greedy: return []
    case .steeredGreedy: return [SteeringEdit(layer: 2, .add(try file.tensor("steer.vector") * 3))]
    case .ablatedGreedy:
      let direction = try file.tensor("ablate.direction")
      return (0..<layers).map { SteeringEdit(layer: $0, .ablate(direction)) }
    }
  }

  @Test("Greedy continuations equal transformers' in any batch", arguments: GoldenModel.all, Variant.allCases)
  func equalTheReference(_ golden: GoldenModel, _ variant: Variant) throws {
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(file)
    var options = GenerationOptions(maxTokens: 24)
    options.edits = try Self.edits(variant, file, layers: model.configuration.layerCount)
    let expected = try prompts.indices.map { try file.tensor("prompt.\($0).\(variant.rawValue)").integers() }
    let slot = KeyValueCache.byteCount(
      model.configuration, tokens: prompts.map(\.count).max()! + 24, dtype: .float32)
    for slots in [1, 2, 6] {
      options.cacheBudget = slot * slots
      let found = try Generator.generate(model, prompts: prompts, options: options)
      #expect(found.map(\.tokens) == expected, "\(slots) sequences together")
    }
  }

  @Test("Recorded activations are those of a pass over prompt and continuation", arguments: GoldenModel.all)
  func recordsTheRealPositions(_ golden: GoldenModel) throws {
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(golden.golden())
    var options = GenerationOptions(maxTokens: 5)
    options.recordedLayers = [0, 3]
    options.recordsMean = true
    for (prompt, generation) in zip(prompts, try Generator.generate(model, prompts: prompts, options: options)) {
      #expect(generation.tokens.count == 5)
      let whole = prompt + generation.tokens
      let output = try model.forward(PackedBatch([whole]), taps: Taps(layers: [0, 3]))
      let streams = try Tensor.stacked([#require(output.residuals[0]), #require(output.residuals[3])], 1)
      let prompted = try #require(generation.promptResidual)
      let continued = try #require(generation.continuationResidual)
      let mean = try #require(generation.continuationMean)
      #expect(try GoldenModel.distance(prompted, streams[prompt.count - 1]) < 1e-4)
      #expect(try GoldenModel.distance(continued, streams[whole.count - 1]) < 1e-4)
      let expected = try streams.narrowed(0, prompt.count..<whole.count).mean(0)
      #expect(try GoldenModel.distance(mean, expected) < 1e-4)
    }
  }

  @Test("The last prompts that fit are admitted before anything is decoded, though one pass cannot hold them all")
  func admitsTheLastPromptsAtOnce() throws {
    let golden = try #require(GoldenModel.all.first)
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompt = try golden.prompts(golden.golden())[1]
    // Passes of 4, 4 and 2 prompts: the last two are less than a quarter of the slots.
    var options = GenerationOptions(maxTokens: 3)
    options.tokenBudget = 4 * prompt.count
    var order: [Int] = []
    try Generator.run(
      model, prompts: Array(repeating: prompt, count: 10), options: options,
      onToken: { sequence, _ in order.append(sequence) }, onFinish: { _, _ in })
    #expect(order.count == 30 && Set(order.prefix(10)).count == 10)
  }

  @Test("A continuation ends before a stop token, and what is recorded is the token before it")
  func stopsAtStopTokens() throws {
    let golden = try #require(GoldenModel.all.first)
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(file)
    let greedy = try file.tensor("prompt.1.greedy").integers()
    var options = GenerationOptions(maxTokens: 24)
    options.recordedLayers = [1]
    options.stopTokens = [greedy[7]]
    let stop = try #require(greedy.firstIndex(of: greedy[7]))
    let found = try Generator.generate(model, prompts: [prompts[1]], options: options)[0]
    #expect(found.tokens == Array(greedy[..<stop]) && found.end == .stopToken)
    let output = try model.forward(PackedBatch([prompts[1] + found.tokens]), taps: Taps(layers: [1]))
    let expected = try #require(output.residuals[1])[prompts[1].count + stop - 1]
    #expect(try GoldenModel.distance(#require(found.continuationResidual)[0], expected) < 1e-4)
  }

  @Test("Edit positions change exactly the tokens their rule names", arguments: EditPositions.allCases)
  func editsFollowTheirRule(_ rule: EditPositions) throws {
    let golden = try #require(GoldenModel.all.first)
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = Array(try golden.prompts(file)[1...3])
    let vector = try file.tensor("steer.vector") * 4
    var options = GenerationOptions(maxTokens: 6)
    options.edits = [SteeringEdit(layer: 1, .add(vector), positions: rule)]
    options.recordedLayers = [3]
    let found = try Generator.generate(model, prompts: prompts, options: options)
    for (prompt, generation) in zip(prompts, found) {
      let whole = prompt + generation.tokens
      let times =
        prompt.indices.map { rule.times(promptPosition: $0, of: prompt.count) }
        + generation.tokens.indices.map(rule.times(generated:))
      let edits = (1...2).map { round in
        Edit(layer: 1, .add(vector), tokens: .tokens(times.indices.filter { times[$0] >= round }))
      }
      let output = try model.forward(PackedBatch([whole]), taps: Taps(layers: [3]), edits: edits, logits: .all)
      let next = try #require(output.logits).argmax(-1).integers()
      #expect(Array(next[(prompt.count - 1)..<(whole.count - 1)]) == generation.tokens)
      let last = try #require(output.residuals[3])[whole.count - 1]
      #expect(try GoldenModel.distance(#require(generation.continuationResidual)[0], last) < 1e-4)
    }
  }

  @Test("Sampling repeats with its seed in any batch, and a low temperature is greedy")
  func samplingRepeats() throws {
    let golden = try #require(GoldenModel.all.first)
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(golden.golden())
    func tokens(_ sampling: Sampling, cache: Int = 2 << 30) throws -> [[Int]] {
      var options = GenerationOptions(maxTokens: 8)
      options.sampling = sampling
      options.cacheBudget = cache
      return try Generator.generate(model, prompts: prompts, options: options).map(\.tokens)
    }
    let first = try tokens(.random(temperature: 1, topP: 0.9, seed: 1))
    #expect(try tokens(.random(temperature: 1, topP: 0.9, seed: 1), cache: 1) == first)
    #expect(try tokens(.random(temperature: 1, topP: 0.9, seed: 2)) != first)
    #expect(try tokens(.random(temperature: 1e-4, topP: 1, seed: 3)) == tokens(.greedy))
    #expect(try tokens(.random(temperature: 1, topP: 1e-9, seed: 3)) == tokens(.greedy))
  }

  @Test("A nucleus holds the fewest tokens that reach its mass, and a point falls within it by probability")
  func drawsFromTheNucleus() {
    let probabilities: [Float] = [0.5, 0.25, 0.125, 0.125]
    #expect(TokenSampler.draw(probabilities, topP: 0.5, at: 0.999) == 0)
    #expect(TokenSampler.draw(probabilities, topP: 0.6, at: 0.66) == 0)
    #expect(TokenSampler.draw(probabilities, topP: 0.6, at: 0.67) == 1)
    #expect(TokenSampler.draw(probabilities, topP: 1, at: 0.999) == 3)
  }
}
