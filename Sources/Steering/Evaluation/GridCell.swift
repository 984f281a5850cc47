import Foundations
import LanguageModels

/// One way to steer a model among those that are compared: a vector's layer, scale and edit positions, or its ablation, or
/// nothing.
public struct GridCell: Sendable {
  public enum Operation: String, Sendable, Codable, CaseIterable {
    case none, add, ablate
  }

  public var operation: Operation
  /// The first edited layer; nil for no edit.
  public var layer: Int?
  /// As the user gave it; 0 for no edit, nil for ablation.
  public var scale: Double?
  public var positions: EditPositions?
  /// Unconditional edits of block outputs; empty for no edit.
  package var edits: [SteeringEdit]

  public static let unsteered = GridCell(operation: .none, layer: nil, scale: 0, positions: nil, edits: [])

  package init(
    operation: Operation, layer: Int?, scale: Double?, positions: EditPositions?, edits: [SteeringEdit]
  ) {
    (self.operation, self.layer, self.scale) = (operation, layer, scale)
    (self.positions, self.edits) = (positions, edits)
  }

  /// Adding `scale` times the layer's vector; scale 0 is no edit.
  public static func adding(
    _ vectors: SteeringVectors, layer: Int, scale: Double, unit: ScaleUnit = .raw, positions: EditPositions
  ) throws -> GridCell {
    if scale == 0 { return .unsteered }
    let edit = try vectors.addition(layer: layer, scale: scale, unit: unit, positions: positions)
    return GridCell(operation: .add, layer: layer, scale: scale, positions: positions, edits: [edit])
  }

  /// Removing the component along the vector, at each of the layers.
  public static func ablating(
    _ vectors: SteeringVectors, layers: [Int], positions: EditPositions
  ) throws -> GridCell {
    let edits = try vectors.ablations(layers: layers, positions: positions)
    return GridCell(operation: .ablate, layer: layers.min(), scale: nil, positions: positions, edits: edits)
  }

  /// Where the first edited token of a sequence may lie; beyond every sequence where nothing is edited.
  func firstEdited(promptLength: Int) -> Int { positions?.firstEdited(promptLength: promptLength) ?? Int.max }
}

extension EditPositions {
  /// Where the first edited token of a sequence may lie.
  package func firstEdited(promptLength: Int) -> Int {
    switch self {
    case .all, .prompt, .legacyDouble: 0
    case .fromPromptEnd: max(0, promptLength - 1)
    case .generated, .firstGenerated: promptLength
    }
  }
}

/// Every layer with every scale at every rule of positions, the unsteered model first and only once.
public struct SteeringGrid: Sendable {
  public static let largest = 10_000
  public var cells: [GridCell]

  /// Refuses a scale that is not finite, a zero vector, a layer that the vectors lack, and more than 10,000 cells.
  public init(
    _ vectors: SteeringVectors, layers: [Int], scales: [Double], unit: ScaleUnit = .raw, positions: [EditPositions],
    ablating: Bool = false
  ) throws {
    let (pairs, overflow) = layers.count.multipliedReportingOverflow(by: scales.count + 1)
    guard !overflow, pairs <= Self.largest / max(1, positions.count) else {
      throw TelltaleError(.badInput, "the grid has more than \(Self.largest) cells; name fewer layers or scales")
    }
    cells = [.unsteered]
    for rule in positions {
      for layer in layers {
        for scale in scales where scale != 0 {
          cells.append(try .adding(vectors, layer: layer, scale: scale, unit: unit, positions: rule))
        }
        if ablating { cells.append(try .ablating(vectors, layers: [layer], positions: rule)) }
      }
    }
  }
}
