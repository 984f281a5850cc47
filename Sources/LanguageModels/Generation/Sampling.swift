import Foundation
import Foundations
import Torch

/// How the next token is chosen from the logits.
public enum Sampling: Sendable, Equatable {
  /// The most probable token.
  case greedy
  /// Probabilities of logits / temperature, cut to the smallest set that holds `topP` of the mass (Holtzman et al.
  /// 2020; the set as in transformers' TopPLogitsWarper), drawn with a generator seeded by `seed` and the number of the
  /// sequence, so that the draw does not depend on what else is in the batch.
  case random(temperature: Double, topP: Double, seed: UInt64)

  /// Refuses what is no temperature or no probability.
  public init(temperature: Double, topP: Double, seed: UInt64) throws(TelltaleError) {
    guard temperature.isFinite, temperature >= 0 else {
      throw TelltaleError(.badInput, "the temperature \(temperature) must be 0 (greedy) or positive")
    }
    guard topP > 0, topP <= 1 else { throw TelltaleError(.badInput, "top-p \(topP) must be above 0 and at most 1") }
    self = temperature == 0 ? .greedy : .random(temperature: temperature, topP: topP, seed: seed)
  }
}

/// Chooses tokens for the sequences of one generation, with a separate random stream for each.
struct TokenSampler {
  let sampling: Sampling
  private var streams: [Int: SeededGenerator] = [:]

  init(_ sampling: Sampling) { self.sampling = sampling }

  /// The next token of each sequence, from float32 logits [sequences, vocabulary].
  mutating func choose(_ logits: Tensor, sequences: [Int]) throws -> [Int] {
    guard case .random(let temperature, let topP, let seed) = sampling else { return try logits.argmax(-1).integers() }
    let (sorted, indices) = try (logits / temperature).softmax(-1).sorted(-1, descending: true)
    return try sequences.enumerated().map { row, sequence in
      let point = streams[sequence, default: SeededGenerator(seed: seed, stream: sequence)].uniform()
      let place = Self.draw(try sorted[row].floats(), topP: topP, at: point)
      return try indices[row].narrowed(0, place..<place + 1).integers()[0]
    }
  }

  /// The place, in descending probabilities, where a uniform `point` falls within the nucleus.
  static func draw(_ probabilities: [Float], topP: Double, at point: Double) -> Int {
    var mass = 0.0
    var size = 0
    while size < probabilities.count, mass < topP || size == 0 {
      mass += Double(probabilities[size])
      size += 1
    }
    var left = point * mass
    for place in 0..<size {
      left -= Double(probabilities[place])
      if left < 0 { return place }
    }
    return size - 1
  }
}
