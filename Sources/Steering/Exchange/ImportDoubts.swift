import Foundation
import Foundations

/// What the rows of another tool's file give reason to doubt: whether the layers are those that its convention means.
struct ImportDoubts {
  let file: String
  let convention: LayerConvention
  /// The norm of every row, by the file's own layer.
  let norms: [Int: Double]

  private var count: Int { (norms.keys.max() ?? -1) + 1 }

  /// What the norms alone tell.
  var sentences: [String] {
    switch convention {
    case .persona: [embeddings, finalNorm].compactMap { $0 }
    case .gguf: [countedFromZero].compactMap { $0 }
    default: []
    }
  }

  /// What the model's number of blocks tells.
  func sentences(layerCount: Int) -> [String] {
    guard convention == .persona, count > 1 else { return [] }
    if count == layerCount + 1 {
      let last =
        "row \(layerCount) of \(file) is hidden_states[\(layerCount)], which transformers gives after the final norm: "
        + "layer \(layerCount - 1) here is no direction of the residual stream; leave it out"
      return finalNorm == nil ? [last] : []
    }
    guard count <= layerCount else { return [] }
    return [
      "\(file) has \(count) rows, and a model of \(layerCount) blocks has \(layerCount + 1) hidden states: the row of the last "
        + "block is missing, or there is no row of embeddings and each row is of the next layer "
        + "(then state the convention telltale)"
    ]
  }

  /// The embeddings' difference is far smaller than that of the first block's output.
  private var embeddings: String? {
    guard let first = norms[0], let second = norms[1], first > 0.5 * second else { return nil }
    return
      "row 0 of \(file) has the norm \(Self.short(first)) against \(Self.short(second)) of row 1, as of a block's output and "
      + "not of embeddings: perhaps the file has no row of embeddings (then state the convention telltale)"
  }

  /// Norms grow evenly from block to block, and jump at the final norm.
  private var finalNorm: String? {
    let last = count - 1
    let rows = (1..<max(1, count)).compactMap { norms[$0] }
    guard rows.count == last, last >= 3, rows.allSatisfy({ $0 > 0 }) else { return nil }
    let steps = zip(rows.dropFirst(), rows).map { $0 / $1 }
    let usual = steps.dropLast().sorted()[(steps.count - 1) / 2]
    let step = steps[steps.count - 1]
    guard step > 2 * usual || step < usual / 2 else { return nil }
    return
      "row \(last) of \(file) has the norm \(Self.short(rows[last - 1])) after \(Self.short(rows[last - 2])) of the row before, "
      + "another step than between the others: it seems to be read after the final norm; leave layer \(last - 1) out"
  }

  private var countedFromZero: String? {
    guard norms[0] != nil else { return nil }
    return
      "\(file) has a direction.0: its layers seem to be counted from 0, so that each direction.L is of the block that "
      + "another tool calls L+1 (then state the convention telltale)"
  }

  private static func short(_ norm: Double) -> String { String(format: "%.3g", norm) }
}

extension ImportedVectors {
  /// Adds to the notes what a model's number of blocks tells of the file's rows.
  public mutating func doubt(layerCount: Int) {
    let doubts = ImportDoubts(
      file: vectors.provenance.importedFrom ?? "the file", convention: convention, norms: foreignNorms)
    vectors.provenance.notes += doubts.sentences(layerCount: layerCount)
  }
}
