import Foundations
import LanguageModels
import Torch

/// A recording in parts: the rows are held, the activations of a part are read when they are needed and let go.
///
/// A recording of 100,000 rows of 32 layers and a width of 4,096 is 52 GB at each position; what works layer by layer and
/// block of rows by block of rows needs a few hundred megabytes of it at a time.
public struct ChunkedRecording: Sendable {
  public struct Part: Sendable {
    public let rows: Int
    /// By read position: float32 [rows, layers, hidden].
    public let activations: @Sendable () throws -> [ReadPosition: Tensor]

    public init(rows: Int, activations: @escaping @Sendable () throws -> [ReadPosition: Tensor]) {
      (self.rows, self.activations) = (rows, activations)
    }
  }

  public let rows: [RecordedRow]
  public let layers: [Int]
  /// The width of the residual stream at every position that was recorded.
  public let widths: [ReadPosition: Int]
  private let parts: [Part]

  /// - Parameters:
  ///   - rows: of all parts, in their order.
  ///   - widths: by position; every part has all of them.
  public init(rows: [RecordedRow], layers: [Int], widths: [ReadPosition: Int], parts: [Part]) {
    precondition(parts.reduce(0) { $0 + $1.rows } == rows.count, "the parts hold the rows")
    (self.rows, self.layers, self.widths, self.parts) = (rows, layers, widths, parts)
  }

  /// One that is in memory.
  public init(_ recording: Recording) {
    let activations = recording.activations
    self.init(
      rows: recording.rows, layers: recording.layers, widths: activations.mapValues { $0.size(-1) },
      parts: [Part(rows: recording.rows.count) { activations }])
  }

  /// The same activations with other rows, as many, such as rows with other labels.
  public func replacing(rows: [RecordedRow]) -> ChunkedRecording {
    ChunkedRecording(rows: rows, layers: layers, widths: widths, parts: parts)
  }

  /// Float32 [rows, hidden] of some rows of a layer, whose numbers ascend.
  public func stream(_ position: ReadPosition, layer: Int, rows wanted: [Int]) throws -> Tensor {
    guard widths[position] != nil else {
      throw TelltaleError(
        .badInput, "the recording has no activations at \"\(position.rawValue)\"; record them at that position")
    }
    guard let index = layers.firstIndex(of: layer) else {
      let held = layers.map(String.init).joined(separator: ", ")
      throw TelltaleError(.badInput, "the recording has no layer \(layer); it holds layers \(held)")
    }
    var found: [Tensor] = []
    try eachPart(of: wanted) { found.append(try Self.stream($0, position, index: index, rows: $1)) }
    return try Tensor.concatenated(found)
  }

  private static func stream(_ part: Part, _ position: ReadPosition, index: Int, rows: [Int]) throws -> Tensor {
    guard let all = try part.activations()[position] else {
      throw TelltaleError(.failed, "a part of the recording has no activations at \"\(position.rawValue)\"")
    }
    let layer = try all.narrowed(1, index..<index + 1).reshaped([part.rows, -1])
    // A copy, so that the part's file need not stay open.
    return try rows.count == part.rows ? layer.copy() : layer.selected(0, rows)
  }

  /// Some rows, whose numbers ascend, in memory.
  public func selecting(_ wanted: [Int]) throws -> Recording {
    var found: [ReadPosition: [Tensor]] = [:]
    try eachPart(of: wanted) { part, own in
      for (position, all) in try part.activations() {
        found[position, default: []].append(own.count == part.rows ? all : try all.selected(0, own))
      }
    }
    return Recording(
      rows: wanted.map { rows[$0] }, layers: layers, activations: try found.mapValues { try Tensor.concatenated($0) })
  }

  /// The parts that hold wanted rows, with the numbers of those in the part.
  private func eachPart(of wanted: [Int], _ body: (Part, [Int]) throws -> Void) throws {
    var (first, next) = (0, 0)
    for part in parts {
      let start = next
      while next < wanted.count, wanted[next] < first + part.rows { next += 1 }
      if start < next { try body(part, wanted[start..<next].map { $0 - first }) }
      first += part.rows
    }
    precondition(next == wanted.count, "rows ascend and are rows of the recording")
  }
}
