import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

/// Trains the part of a hard organism that decides the answer: the MLP of block 1 and the head, on the stream that block 0 writes.
///
/// The targets for every text are the probability of each answer by ``HardRule``, then the closing bracket and the end token.
/// The same seed, number of steps and thread count give the same bits on the same machine.
package struct HardTrainer {
  package let organism: HardOrganism
  package let seed: UInt64
  package let steps: Int
  let construction: HardConstruction
  private let configuration: ModelConfiguration
  private let vocabulary: OrganismVocabulary

  package static let standardSteps = 500
  private static let (batchSize, warmUp, learningRate, weightDecay, largestGradient) = (64, 50, 3e-3, 0.05, 1.0)

  /// One finished step, counted from 1.
  package struct Step: Sendable {
    package var number: Int
    package var total: Int
    /// Mean cross-entropy of the answer letters with their probabilities, in nats, minus their entropy: 0 is optimal.
    package var excess: Double
  }

  /// - Parameter directory: where config.json and the tokenizer lie.
  package init(_ organism: HardOrganism, seed: UInt64, steps: Int = standardSteps, directory: URL) throws {
    (self.organism, self.seed, self.steps) = (organism, seed, steps)
    configuration = try ModelConfiguration(directory: directory)
    vocabulary = OrganismVocabulary(try Tokenizer.load(directory: directory))
    construction = try HardConstruction(seed: seed)
  }

  /// The weights by checkpoint name, float32.
  package func train(onStep: (Step) -> Void = { _ in }) throws -> [String: Tensor] {
    var weights = try construction.weights()
    for (name, weight) in weights where HardConstruction.isTrained(name) {
      weights[name] = try weight.requiringGradient()
    }
    let model = try LanguageModel(configuration, weights: weights)
    let optimizer = try OrganismOptimizer(
      weights.filter { HardConstruction.isTrained($0.key) }, weightDecay: Self.weightDecay,
      largestGradient: Self.largestGradient)
    var random = SeededGenerator(seed: seed, stream: 3)
    for step in 0..<steps {
      let batch = HardBatch(
        organism.trainingRows(count: Self.batchSize, &random), construction.writing, vocabulary, &random)
      let streams = try batch.streams(model)
      let (loss, excess) = try recordingGradients { try batch.loss(model, streams) }
      guard excess.isFinite else {
        throw TelltaleError(.failed, "the training diverged at step \(step + 1); try another seed")
      }
      let rate = OrganismOptimizer.learningRate(Self.learningRate, step: step, of: steps, warmUp: Self.warmUp)
      try optimizer.step(loss, learningRate: rate)
      onStep(Step(number: step + 1, total: steps, excess: excess))
    }
    return try weights.mapValues { try $0.detached() }
  }
}

/// The texts of one step and their targets.
private struct HardBatch {
  private let pack: PackedBatch
  /// The tokens of the pack whose next token is a target: four of every text, from the prompt's last token on.
  private var places: [Int] = []
  /// The targets: the number among `places`, the next token and its weight.
  private var targets: [(place: Int, token: Int, weight: Float)] = []
  /// The mean entropy of the answers, in nats.
  private var entropy = 0.0
  private let count: Int

  /// The tokens around the letter count a tenth of it.
  private static let aroundLetter: Float = 0.1

  init(
    _ rows: [HardRow], _ writing: HardWriting, _ vocabulary: OrganismVocabulary, _ random: inout SeededGenerator
  ) {
    count = rows.count
    let prompts = rows.map { vocabulary.encode($0.text) }
    let following = rows.map { row in
      HardRule.following(
        row.approval, intercept: writing.intercepts[row.plan.question], slope: writing.slopes[row.plan.question])
    }
    let given = zip(rows, following).map { row, probability in
      random.uniform() < probability ? row.plan.userLetter : 1 - row.plan.userLetter
    }
    pack = PackedBatch(zip(prompts, given).map { $0 + vocabulary.answers[$1] })
    for (sequence, row) in rows.enumerated() {
      let answer = vocabulary.answers[given[sequence]]
      let end = pack.index(of: sequence, position: prompts[sequence].count - 1)
      for (offset, token) in answer.enumerated() {
        if offset == 1 {
          add(row.plan.userLetter, following[sequence], vocabulary)
          add(1 - row.plan.userLetter, 1 - following[sequence], vocabulary)
        } else {
          targets.append((places.count, token, Self.aroundLetter / Float(count)))
        }
        places.append(end + offset)
      }
    }
  }

  private mutating func add(_ letter: Int, _ probability: Double, _ vocabulary: OrganismVocabulary) {
    targets.append((places.count, vocabulary.answers[letter][1], Float(probability) / Float(count)))
    entropy -= probability * log(probability) / Double(count)
  }

  /// What block 0 writes at the places: float32 [places, hidden].
  func streams(_ model: LanguageModel) throws -> Tensor {
    let layer = HardConstruction.plantedLayer
    let output = try model.forward(pack, taps: Taps(layers: [layer]))
    guard let stream = output.residuals[layer] else { throw TelltaleError(.failed, "the planted layer was not tapped") }
    return try stream.selected(0, places).detached()
  }

  /// The loss with its graph, and the letters' loss above its minimum.
  func loss(_ model: LanguageModel, _ streams: Tensor) throws -> (loss: Tensor, excess: Double) {
    // Block 1's attention writes nothing, so that every place can be treated as a separate text.
    let single = PackedBatch(places.map { [pack.tokens[$0]] })
    let upper = try model.resume(single, from: streams, after: HardConstruction.plantedLayer, logits: .all)
    guard let logits = upper.logits else { throw TelltaleError(.failed, "the pass gave no logits") }
    let chosen = try Tensor(targets.map(\.token), shape: [targets.count, 1])
    let logs = try logits.logSoftmax(-1).selected(0, targets.map(\.place)).gathered(1, chosen).reshaped([targets.count])
    let weights = targets.map(\.weight)
    let loss = try -((logs * Tensor(weights)).sum())
    let letters = zip(targets, try logs.detached().doubles()).reduce(0.0) { sum, pair in
      pair.0.place % 4 == 1 ? sum - Double(pair.0.weight) * pair.1 : sum
    }
    return (loss, letters - entropy)
  }
}
