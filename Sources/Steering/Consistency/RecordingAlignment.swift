import Foundations
import LanguageModels
import Torch

/// Centred kernel alignment of every layer of one recording with every layer of another, on the prompts they share.
public struct RecordingAlignment: Sendable {
  public struct Cell: Sendable {
    public var layerA: Int
    public var layerB: Int
    public var alignment: CentredKernelAlignment
  }

  public let cells: [Cell]
  public let rows: Int

  /// More rows than this add nothing but time.
  private static let mostRows = 2_000

  /// - Parameters: layers to compare; nil is all that were recorded.
  /// Refuses recordings that have fewer than 4 prompts in common.
  public init(_ a: PlacedRecording, _ b: PlacedRecording, layers: [Int]? = nil) throws {
    let common = Array(a.commonRows(b).prefix(Self.mostRows))
    guard common.count > 3 else {
      throw TelltaleError(
        .badInput,
        "has \(common.count) prompts in common with \(a.name), and 4 are needed; record the same data with both models",
        at: InputLocation(file: b.name))
    }
    let rowsA = common.map(\.0)
    let rowsB = common.map(\.1)
    let wanted = { (all: [Int]) in all.filter { layers?.contains($0) ?? true } }
    rows = common.count
    cells = try wanted(a.layers).flatMap { own in
      let x = try a.recording.stream(a.read, layer: own).selected(0, rowsA)
      return try wanted(b.layers).map { other in
        let y = try b.recording.stream(b.read, layer: other).selected(0, rowsB)
        return Cell(layerA: own, layerB: other, alignment: try CentredKernelAlignment(x, y))
      }
    }
  }
}
