import ArgumentParser
import Foundations
import LanguageModels
import Torch

/// Passes that give the residual streams of token sequences, and their logits where they are asked for: shared by
/// `activations` and the worker.
struct ActivationPasses {
  enum Positions: String, ExpressibleByArgument, CaseIterable { case all, last }

  let model: LanguageModel
  let layers: [Int]
  let positions: Positions
  let logits: Bool
  /// Tokens that one pass may hold.
  let tokenBudget: Int

  /// For sequence n (from 0) `residual.<n>` [layers, positions, hidden] and `logits.<n>` [positions, vocabulary], float32.
  func run(_ sequences: [[Int]], onProgress: (Int) -> Void) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for chunk in Self.chunks(sequences.map(\.count), budget: tokenBudget) {
      try tensors.merge(record(PackedBatch(chunk.map { sequences[$0] }), chunk)) { first, _ in first }
      onProgress(chunk.upperBound)
    }
    return tensors
  }

  /// What a file of them states.
  var metadata: [String: String] {
    [
      "layers": layers.map(String.init).joined(separator: ","), "positions": positions.rawValue,
      "site": "residual stream after decoder block i, counted from 0", "dtype": model.arithmetic,
      "telltale": Version.current,
    ]
  }

  /// Consecutive rows whose tokens fit the budget; a longer row goes alone.
  static func chunks(_ lengths: [Int], budget: Int) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var (start, total) = (0, 0)
    for (index, length) in lengths.enumerated() {
      if index > start, total + length > budget {
        chunks.append(start..<index)
        (start, total) = (index, 0)
      }
      total += length
    }
    return chunks + [start..<lengths.count]
  }

  private func record(_ batch: PackedBatch, _ rows: Range<Int>) throws -> [String: Tensor] {
    let places = rows.indices.map { row in
      let length = batch.length(of: row - rows.lowerBound)
      return (positions == .all ? 0..<length : length - 1..<length).map {
        batch.index(of: row - rows.lowerBound, position: $0)
      }
    }
    let flat = TokenChoice.tokens(places.flatMap { $0 })
    let result = try model.forward(batch, taps: Taps(layers: layers, tokens: flat), logits: logits ? flat : nil)
    var tensors: [String: Tensor] = [:]
    var start = 0
    for (row, own) in zip(rows, places) {
      let range = start..<start + own.count
      start += own.count
      let streams = try layers.compactMap { try result.residuals[$0]?.narrowed(0, range).moved(to: .cpu) }
      tensors["residual.\(row)"] = try Tensor.stacked(streams)  // [layers, positions, hidden]
      tensors["logits.\(row)"] = try result.logits?.narrowed(0, range).moved(to: .cpu).copy()
    }
    return tensors
  }
}
