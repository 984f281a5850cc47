import Foundations
import LanguageModels
import Torch

/// How the activations of each contrast are computed and handed to the estimation, pass by pass.
extension VectorExtraction {
  // MARK: Pairs of texts

  package func estimate(_ model: LanguageModel, _ pairs: [ReadablePair]) throws -> PairEstimation.Result {
    guard !pairs.isEmpty else {
      throw TelltaleError(.badInput, "there are no pairs to extract from; give at least one")
    }
    let reader = try ActivationReader(model, layers: layers)
    var estimation = try estimation(pairs.map(\.group), hidden: reader.hidden, device: reader.device)
    let sharesPrefixes = sharesPrefixes
    // A pass is looked at once the next one is under way, so that a GPU does not wait for the host.
    var pending: ActivationReader.Reading?
    let chunks = pairs.indices.sorted { (pairs[$0].length, $0) < (pairs[$1].length, $1) }
      .pieces(within: tokenBudget) { pairs[$0].cost }
    try ConcurrentPasses.run(chunks.count, on: reader.passesTogether) {
      let own = chunks[$0].map { pairs[$0] }
      let texts = own.map { [$0.positive.ids, $0.negative.ids] }
      let batch = sharesPrefixes ? PackedBatch(families: texts) : PackedBatch(texts.flatMap(\.self))
      let reads = own.flatMap { [$0.positive.read, $0.negative.read] }
      return (reading: try reader.launch(batch, reads), tokens: batch.tokens.count)
    } then: { index, pass in
      try estimation.add(pass.reading.streams, of: chunks[index])
      try pending.map(reader.check)
      pending = pass.reading
      estimation.tokensComputed += pass.tokens
      onProgress(estimation.pairs)
    }
    try pending.map(reader.check)
    return try estimation.result(
      ifZero: "both halves of every pair are identical up to the read position, so the vector would be zero; "
        + "read at the answer, or give pairs whose prompts differ")
  }

  private func estimation(_ groups: [String], hidden: Int, device: Device = .cpu) throws -> PairEstimation {
    try PairEstimation(
      groups: groups, layers: layers, hidden: hidden, estimator: recipe.estimator, seed: seed, splits: splits,
      keepsDifferences: onDifferences != nil, winsorising: recipe.winsorising, device: device)
  }

  // MARK: Two models on the same texts

  /// Vectors of `loaded` minus `other`: at `prompt` read at the prompt's last token, elsewhere in the matching answer.
  func run(
    _ loaded: LoadedModel, minus other: LoadedModel, _ encoder: PromptEncoder, _ items: [Item]
  ) throws -> SteeringVectors {
    try loaded.checkComparable(other)
    guard !items.isEmpty else { throw TelltaleError(.badInput, "there are no texts to read; give at least one") }
    let texts = try items.map { item in
      try recipe.read == .prompt
        ? ReadableText(lastOf: encoder.encode(encoder.prompt(item)).ids)
        : encoder.readable(encoder.builder.pair(for: item), at: recipe.read).positive
    }
    let readers = try [loaded, other].map { try ActivationReader($0.model, layers: layers) }
    let groups = items.map(\.group.id)
    var estimation = try estimation(groups, hidden: readers[0].hidden)
    for chunk in texts.map(\.ids).piecesByLength(within: tokenBudget) {
      let batch = PackedBatch(chunk.map { texts[$0].ids })
      let sides = try readers.map { try $0.read(batch, chunk.map { texts[$0].read }) }  // [texts, layers, hidden]
      try estimation.add(Tensor.alternating(sides), of: chunk)
      onProgress(estimation.pairs)
    }
    let result = try estimation.result(
      ifZero: "\(loaded.name) and \(other.name) have the same activations on every text, so the vector would be zero; "
        + "name two models that differ")
    var vectors = try vectors(result, loaded, groups)
    vectors.provenance.against = other.name
    return vectors
  }

  /// Vectors of activations that are there: float32 [texts, layers, hidden] of two models, the first minus the second. Which
  /// they are of is for the caller to state.
  func run(_ activations: [Tensor], groups: [String], ifZero reason: String) throws -> SteeringVectors {
    var estimation = try estimation(groups, hidden: activations[0].size(2))
    try estimation.add(Tensor.alternating(activations).converted(to: .float64), of: Array(groups.indices))
    return try vectors(estimation.result(ifZero: reason), nil, groups)
  }

  // MARK: Instructions

  func instructed(_ loaded: LoadedModel, _ encoder: PromptEncoder, _ items: [Item]) throws -> SteeringVectors {
    if recipe.read == .prompt { return try run(loaded, recipe.instructed(items, encoder)) }
    guard !items.isEmpty else { throw TelltaleError(.badInput, "there are no items to ask; give at least one") }
    let prompts = try items.enumerated().flatMap { index, item in
      let pair = try recipe.prompts(item, number: index, encoder)
      return [pair.positive, pair.negative]
    }
    let groups = items.map(\.group.id)
    var estimation = try estimation(groups, hidden: loaded.model.configuration.hiddenSize)
    // Responses end in any order; a pair is taken as soon as both of its are there.
    var waiting: [Int: Tensor?] = [:]
    var empty = 0
    try Generator.run(loaded.model, prompts: prompts, options: responseOptions(loaded)) { sequence, generation in
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
    var vectors = try vectors(result, loaded, groups)
    if empty > 0 {
      vectors.provenance.notes.append("\(empty) of \(items.count) pairs have an empty response, left out")
    }
    return vectors
  }

  private func responseOptions(_ loaded: LoadedModel) -> GenerationOptions {
    var options = GenerationOptions(maxTokens: recipe.maxTokens)
    options.stopTokens = loaded.stopTokens
    options.recordedLayers = layers
    options.recordsMean = recipe.read == .continuationMean
    options.tokenBudget = tokenBudget
    return options
  }

  /// Float32 [layers, hidden]; nil for an empty response.
  private func stream(_ generation: Generation) throws -> Tensor? {
    let stream = recipe.read == .continuationMean ? generation.continuationMean : generation.continuationResidual
    return try stream?.moved(to: .cpu)
  }
}

extension LoadedModel {
  /// Refuses a model whose activations are not of the same tokens, layers and width.
  fileprivate func checkComparable(_ other: LoadedModel) throws(TelltaleError) {
    let remedy = "compare two checkpoints of one model"
    guard tokenizer.contentHash == other.tokenizer.contentHash else {
      throw TelltaleError(
        .badInput,
        "\(name) and \(other.name) have different tokenizers, so that their activations are of different tokens; \(remedy)"
      )
    }
    let (a, b) = (model.configuration, other.model.configuration)
    guard a.hiddenSize == b.hiddenSize, a.layerCount == b.layerCount else {
      throw TelltaleError(
        .badInput,
        "\(name) has \(a.layerCount) layers of width \(a.hiddenSize) and \(other.name) \(b.layerCount) of "
          + "\(b.hiddenSize); \(remedy)")
    }
  }
}

extension Tensor {
  /// [2 * n, ...]: rows of two tensors [n, ...] in turn.
  fileprivate static func alternating(_ sides: [Tensor]) throws(TelltaleError) -> Tensor {
    try Tensor.stacked(sides, 1).reshaped([2 * sides[0].size(0)] + sides[0].shape.dropFirst())
  }
}
