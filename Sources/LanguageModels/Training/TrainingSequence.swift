import Foundations
import Torch

/// A token sequence and which of its tokens a model is trained to predict.
public struct TrainingSequence: Sendable, Equatable {
  public let tokens: [Int]
  /// Ascending positions of the predicted tokens, each from 1 on: the loss of position p is taken of the logits at p - 1.
  public let predicted: [Int]

  /// The sequence with loss on the tokens of `answer` alone; a first token, which nothing precedes, is never predicted.
  public init(tokens: [Int], answer: Range<Int>) {
    self.tokens = tokens
    predicted = answer.clamped(to: 1..<max(1, tokens.count)).map { $0 }
  }

  /// From labels as transformers takes them: -100 where there is no loss, else the token itself.
  public init(tokens: [Int], labels: [Int]) {
    precondition(tokens.count == labels.count, "one label a token")
    self.tokens = tokens
    predicted = labels.indices.dropFirst().filter { labels[$0] != -100 }
  }
}

/// Sequences packed for one pass, with the places whose logits are looked at.
struct TrainingPack {
  let batch: PackedBatch
  /// Ascending indices into the pack: the tokens before the predicted ones.
  let places: [Int]
  /// The predicted token ids, one a place.
  let targets: [Int]

  init(_ sequences: [TrainingSequence]) {
    let batch = PackedBatch(sequences.map(\.tokens))
    var places: [Int] = []
    var targets: [Int] = []
    for (index, sequence) in sequences.enumerated() {
      places += sequence.predicted.map { batch.index(of: index, position: $0 - 1) }
      targets += sequence.predicted.map { sequence.tokens[$0] }
    }
    self.batch = batch
    self.places = places
    self.targets = targets
  }
}

extension LanguageModel {
  /// The mean loss of the predicted tokens of all sequences: -log p(token) in nats.
  ///
  /// Sequences are packed up to `tokenBudget` tokens a pass; throws `badInput` where nothing is predicted.
  public func loss(of sequences: [TrainingSequence], tokenBudget: Int = 4096) throws -> Double {
    var (sum, count) = (0.0, 0)
    var waiting: [TrainingSequence] = []
    func flush() throws {
      let pack = TrainingPack(waiting)
      waiting = []
      guard !pack.places.isEmpty, let logits = try forward(pack.batch, logits: .tokens(pack.places)).logits else {
        return
      }
      let mean = try logits.crossEntropy(Tensor(pack.targets).moved(to: device)).scalar()
      sum += mean * Double(pack.targets.count)
      count += pack.targets.count
    }
    for sequence in sequences {
      let held = waiting.reduce(0) { $0 + $1.tokens.count }
      if !waiting.isEmpty, held + sequence.tokens.count > tokenBudget { try flush() }
      waiting.append(sequence)
    }
    try flush()
    guard count > 0 else {
      throw TelltaleError(.badInput, "no token is to be predicted; give answers of at least one token")
    }
    return sum / Double(count)
  }
}

extension Fingerprint {
  /// SHA-256 (hexadecimal) over the tokens and predicted positions of sequences, in their order.
  public static func sequences(_ sequences: [TrainingSequence]) -> String {
    var bytes: [UInt8] = []
    for sequence in sequences {
      for numbers in [sequence.tokens, sequence.predicted] {
        for number in [numbers.count] + numbers { withUnsafeBytes(of: Int64(number).littleEndian) { bytes += $0 } }
      }
    }
    return SHA256.hexadecimalDigest(of: bytes)
  }
}
