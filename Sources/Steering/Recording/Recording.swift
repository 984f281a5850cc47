import Foundation
import Foundations
import LanguageModels
import Torch

/// Rows and the residual streams that belong to them.
public struct Recording: Sendable {
  public var rows: [RecordedRow]
  public var layers: [Int]
  /// By read position (`prompt`, `continuation`, `turn:1`, ...): float32 [rows, layers, hidden]. Rows whose continuation is
  /// empty are NaN at `continuation`, chats without a turn at that turn.
  public var activations: [ReadPosition: Tensor]

  /// What the edits did while the rows were generated; nil where that is not known, as after a selection of rows.
  public var edits: EditReport?
  /// What the edits did while the answers to choose between were scored; nil where none were or it is not known.
  public var choiceEdits: EditReport?

  public init(
    rows: [RecordedRow], layers: [Int], activations: [ReadPosition: Tensor], edits: EditReport? = nil
  ) {
    self.edits = edits
    self.rows = rows
    self.layers = layers
    self.activations = activations
  }

  /// Float32 [rows, hidden] of one layer.
  public func stream(_ position: ReadPosition, layer: Int) throws -> Tensor {
    guard let all = activations[position] else {
      throw TelltaleError(
        .badInput, "the recording has no activations at \"\(position.rawValue)\"; record them at that position")
    }
    guard let index = layers.firstIndex(of: layer) else {
      let held = layers.map(String.init).joined(separator: ", ")
      throw TelltaleError(.badInput, "the recording has no layer \(layer); it holds layers \(held)")
    }
    return try all.narrowed(1, index..<index + 1).reshaped([rows.count, -1])
  }

  /// Several recordings of the same layers as one.
  public static func joined(_ parts: [Recording]) throws -> Recording {
    guard let first = parts.first, parts.allSatisfy({ $0.layers == first.layers }) else {
      throw TelltaleError(.failed, "recordings of different layers cannot be joined")
    }
    // One part stays where it is: a chunk that lies in its file is not copied.
    if parts.count == 1 { return first }
    var activations: [ReadPosition: Tensor] = [:]
    for position in first.activations.keys {
      activations[position] = try Tensor.concatenated(parts.compactMap { $0.activations[position] })
    }
    var whole = Recording(
      rows: parts.flatMap(\.rows), layers: first.layers, activations: activations, edits: merged(parts.map(\.edits)))
    whole.choiceEdits = merged(parts.map(\.choiceEdits))
    return whole
  }

  /// Nil where a part's is not known.
  private static func merged(_ reports: [EditReport?]) -> EditReport? {
    guard var whole = reports.first ?? nil else { return nil }
    for report in reports.dropFirst() {
      guard let report, report.entries.count == whole.entries.count else { return nil }
      whole.merge(report)
    }
    return whole
  }

  /// Only some rows, in the order given.
  public func selecting(_ indices: [Int]) throws -> Recording {
    var activations: [ReadPosition: Tensor] = [:]
    for (position, tensor) in self.activations { activations[position] = try tensor.selected(0, indices) }
    return Recording(rows: indices.map { rows[$0] }, layers: layers, activations: activations)
  }
}
