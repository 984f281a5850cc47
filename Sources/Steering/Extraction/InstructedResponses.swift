import Foundations
import LanguageModels
import Torch

/// Vectors of what a model does when told to: contrasting instructions, read at the prompt or in the responses that the
/// model gives under each.
extension VectorExtraction {
  /// One pair an item. At `prompt` the two prompts are read; at `continuation` and `continuationMean` the model answers
  /// both greedily, and the last token or the mean over all tokens of its responses is read, in the pass that writes them.
  ///
  /// An item one of whose responses is empty is left out and counted in the notes.
  ///
  /// - Parameter maxTokens: of a response.
  public func run(
    _ loaded: LoadedModel, _ encoder: PromptEncoder, _ instructions: InstructionPairs, _ items: [Item],
    maxTokens: Int = 64, onProgress: @escaping (Int) -> Void = { _ in }
  ) throws -> SteeringVectors {
    var vectors: SteeringVectors
    switch read {
    case .prompt: vectors = try run(loaded, instructions.readable(items, encoder), onProgress: onProgress)
    case .continuation, .continuationMean:
      vectors = try runResponses(loaded, encoder, instructions, items, maxTokens, onProgress)
    case .answer, .answerMean:
      throw TelltaleError(
        .badInput,
        "instructions have no given answers to read at \(read.rawValue); read at prompt, continuation or continuation-mean"
      )
    }
    vectors.provenance.state(items, encoder)
    vectors.provenance.method = "instructions"
    return vectors
  }

  private func runResponses(
    _ loaded: LoadedModel, _ encoder: PromptEncoder, _ instructions: InstructionPairs, _ items: [Item],
    _ maxTokens: Int, _ onProgress: @escaping (Int) -> Void
  ) throws -> SteeringVectors {
    guard !items.isEmpty else { throw TelltaleError(.badInput, "there are no items to ask; give at least one") }
    let prompts = try items.enumerated().flatMap { index, item in
      let pair = try instructions.prompts(item, number: index, encoder)
      return [pair.positive, pair.negative]
    }
    var estimation = try PairEstimation(
      groups: items.map(\.group.id), layers: layers, hidden: loaded.model.configuration.hiddenSize,
      estimator: estimator, seed: seed, splits: 20, keepsDifferences: onDifferences != nil)
    // Responses end in any order; a pair is taken as soon as both of its are there.
    var waiting: [Int: Tensor?] = [:]
    var empty = 0
    try Generator.run(loaded.model, prompts: prompts, options: options(loaded, maxTokens)) { sequence, generation in
      let own = try self.stream(generation)
      guard let other = waiting.removeValue(forKey: sequence ^ 1) else {
        waiting[sequence] = .some(own)
        return
      }
      if let own, let other {
        let sides = sequence.isMultiple(of: 2) ? [own, other] : [other, own]
        try estimation.add(Tensor.stacked(sides).converted(to: .float64), of: [sequence / 2])
      } else {
        empty += 1
      }
      onProgress(estimation.pairs + empty)
    }
    guard estimation.pairs > 0 else {
      throw TelltaleError(
        .badInput, "the model's response was empty in every pair; read at the prompt, or use other prompts")
    }
    let result = try estimation.result(
      ifZero: "the responses under both instructions are the same; use instructions that the model follows")
    var vectors = try vectors(result, loaded, items.map(\.group.id))
    if empty > 0 {
      vectors.provenance.notes.append("\(empty) of \(items.count) pairs have an empty response, left out")
    }
    return vectors
  }

  private func options(_ loaded: LoadedModel, _ maxTokens: Int) -> GenerationOptions {
    var options = GenerationOptions(maxTokens: maxTokens)
    options.stopTokens = loaded.stopTokens
    options.recordedLayers = layers
    options.recordsMean = read == .continuationMean
    options.tokenBudget = tokenBudget
    return options
  }

  /// Float32 [layers, hidden]; nil for an empty response.
  private func stream(_ generation: Generation) throws -> Tensor? {
    let stream = read == .continuationMean ? generation.continuationMean : generation.continuationResidual
    return try stream?.moved(to: .cpu)
  }
}
