import LanguageModels
import Torch

/// The tokens of a pack whose log-probabilities are asked for: where the logits lie that give each.
struct ScoredTokens {
  /// Logits that one pass may hold: half a gigabyte of float32.
  static let largestLogits = 1 << 27
  /// Logits that are normalised together, which copies them.
  static let normalisedLogits = 1 << 24

  var places: [Int] = []
  private var tokens: [Int] = []
  private var counts: [[Int]] = []

  /// The pack's sequences are those of the families, one after another.
  init(_ families: [ScoredFamily], _ batch: PackedBatch) {
    var sequence = 0
    for family in families {
      counts.append(family.sequences.map { $0.count - family.scoredFrom })
      for ids in family.sequences {
        for position in family.scoredFrom..<ids.count {
          places.append(batch.index(of: sequence, position: position - 1))
          tokens.append(ids[position])
        }
        sequence += 1
      }
    }
  }

  /// What a scored token takes of a pass' budget of tokens, so that its logits stay within `largestLogits`.
  static func cost(vocabulary: Int, tokenBudget: Int) -> Int { max(1, vocabulary * tokenBudget / largestLogits) }

  /// By family, sequence and token.
  func logProbabilities(_ logits: Tensor?, _ device: Device) throws -> [[[Double]]] {
    guard let logits, !tokens.isEmpty else { return counts.map { $0.map { _ in [] } } }
    let all = try normalised(logits, device)
    var start = 0
    return counts.map { own in
      own.map { count in
        defer { start += count }
        return Array(all[start..<start + count])
      }
    }
  }

  /// The log-probability of every token, block by block.
  private func normalised(_ logits: Tensor, _ device: Device) throws -> [Double] {
    let block = max(1, Self.normalisedLogits / logits.size(1))
    var all: [Double] = []
    for start in stride(from: 0, to: tokens.count, by: block) {
      let rows = start..<min(tokens.count, start + block)
      let targets = try Tensor(Array(tokens[rows]), shape: [rows.count, 1]).moved(to: device)
      all += try logits.narrowed(0, rows).logSoftmax(-1).gathered(1, targets).doubles()
    }
    return all
  }
}
