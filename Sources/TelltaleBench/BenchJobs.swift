import Foundation
import LanguageModels
import Steering
import Torch

/// The jobs that `telltale-bench` times, and the arithmetic they take.
struct BenchJobs {
  let model: LanguageModel
  let tokenBudget: Int

  // MARK: Extraction

  struct ExtractionSample {
    var time: BenchTime
    var tokensComputed: Int
    var tokensGiven: Int
    var pairs: Int
    var operations: Double
  }

  /// Vectors of these layers from all pairs, timed once.
  func extract(_ pairs: [ReadablePair], layers: [Int]) throws -> ExtractionSample {
    var extraction = VectorExtraction(try VectorRecipe(.texts), layers: layers, seed: 0)
    extraction.tokenBudget = tokenBudget
    var computed = 0
    let time = try BenchTime(of: { computed = try extraction.estimate(model, pairs).tokensComputed })
    let given = pairs.reduce(0) { $0 + $1.positive.ids.count + $1.negative.ids.count }
    return ExtractionSample(
      time: time, tokensComputed: computed, tokensGiven: given, pairs: pairs.count,
      operations: Self.extractionOperations(
        model.configuration, blocks: (layers.max() ?? -1) + 1, tokens: computed, read: 2 * pairs.count))
  }

  /// Floating-point operations of the projections that an extraction needs of the first `blocks` blocks: 2 x parameters x
  /// tokens, where every block runs on every token, except that of the last one's tokens all but the `read` ones, whose
  /// residual stream is asked for, need keys and values only. Attention itself, norms and the embedding are not counted,
  /// so that the rate is that of the matrix products alone and all the rest shows as loss.
  static func extractionOperations(_ model: ModelConfiguration, blocks: Int, tokens: Int, read: Int) -> Double {
    let ofRead = model.queryParameters + model.afterAttentionParameters
    let everywhere = blocks * model.blockParameters - ofRead
    return 2 * (Double(everywhere) * Double(tokens) + Double(ofRead) * Double(read))
  }

  // MARK: Decoding

  struct DecodingSample {
    var promptTime: BenchTime
    var promptTokens: Int
    var time: BenchTime
    var tokens: Int
    var steps: Int
  }

  /// Greedy continuations of `newTokens` tokens of all prompts together. The first token of each comes from the pass
  /// over the prompts, so decoding makes one token less, and its clock starts when every sequence has its first.
  func decode(_ prompts: [[Int]], newTokens: Int) throws -> DecodingSample {
    var options = GenerationOptions(maxTokens: newTokens)
    options.tokenBudget = tokenBudget
    options.cacheBudget = Int.max
    let start = BenchTime.now
    var begun = start
    var started = Set<Int>()
    try Generator.run(
      model, prompts: prompts, options: options,
      onToken: { sequence, _ in if started.insert(sequence).inserted { begun = BenchTime.now } }, onFinish: { _, _ in })
    return DecodingSample(
      promptTime: begun - start, promptTokens: prompts.reduce(0) { $0 + $1.count },
      time: BenchTime.now - begun, tokens: prompts.count * (newTokens - 1), steps: newTokens - 1)
  }

  // MARK: Recording

  struct RecordingSample {
    var time: BenchTime
    var prompts: Int
    var promptTokens: Int
    var newTokens: Int
  }

  /// Greedy continuations of `newTokens` tokens, with the residual stream of all layers recorded after the prompt and after
  /// the continuation.
  func record(_ prompts: [[Int]], newTokens: Int) throws -> RecordingSample {
    var options = GenerationOptions(maxTokens: newTokens)
    options.tokenBudget = tokenBudget
    options.cacheBudget = Int.max
    options.recordedLayers = Array(0..<model.configuration.layerCount)
    let time = try BenchTime(of: {
      try Generator.run(model, prompts: prompts, options: options, onFinish: { _, _ in })
    })
    return RecordingSample(
      time: time, prompts: prompts.count, promptTokens: prompts.reduce(0) { $0 + $1.count },
      newTokens: prompts.count * newTokens)
  }

  /// Parameters that one decoded token is multiplied with: the blocks' projections and the head. 2 x these is its
  /// floating-point operations.
  var decodedParameters: Int {
    model.configuration.layerCount * model.configuration.blockParameters + model.configuration.headParameters
  }

  /// The bytes that those take.
  var decodedBytes: Int {
    guard !model.hasDenseWeights else { return decodedParameters * model.dtype.size }
    let embedding = model.configuration.headParameters * model.dtype.size
    return model.weightBytes - (model.configuration.tiedEmbeddings ? 0 : embedding)
  }
}
