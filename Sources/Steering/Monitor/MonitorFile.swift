import Foundation
import Foundations
import Torch

/// Monitor files: safetensors with `feature.<i>` float32 [hidden], and features and card as JSON in the metadata.
extension Monitor {
  private static let kind = "telltale-monitor-1"

  /// Writes a temporary file and renames it.
  public func write(to url: URL) throws {
    var tensors: [String: Tensor] = [:]
    for (index, direction) in directions.enumerated() { tensors["feature.\(index)"] = try Tensor(direction) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let metadata = [
      "kind": Self.kind, "features": String(decoding: try encoder.encode(features), as: UTF8.self),
      "card": String(decoding: try encoder.encode(card), as: UTF8.self),
    ]
    try SafetensorsFile.write(tensors, metadata: metadata, to: url)
  }

  /// Reads a monitor file.
  ///
  /// - Throws: `TelltaleError` with file and remedy for a file that is not a monitor or is inconsistent.
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(url)
    let place = InputLocation(file: url.path)
    guard file.metadata["kind"] == Self.kind else {
      throw TelltaleError(.badInput, "is no monitor file; make one with telltale monitor fit", at: place)
    }
    let decoder = JSONDecoder()
    guard
      let features = try? decoder.decode([Feature].self, from: Data((file.metadata["features"] ?? "").utf8)),
      let card = try? decoder.decode(MonitorCard.self, from: Data((file.metadata["card"] ?? "").utf8))
    else { throw TelltaleError(.badInput, "has a card that cannot be read; fit the monitor again", at: place) }
    let count = features.count
    let fits = [card.detector.weights, card.detector.centres, card.detector.spreads].allSatisfy { $0.count == count }
    guard count > 0, fits, features.allSatisfy({ (0..<4096).contains($0.layer) }) else {
      throw TelltaleError(.badInput, "has features that do not fit its card; fit the monitor again", at: place)
    }
    let directions = try features.indices.map { try Self.direction($0, file, place) }
    guard Set(directions.map(\.count)).count == 1 else {
      throw TelltaleError(.badInput, "has features of different widths; fit the monitor again", at: place)
    }
    self.init(features: features, directions: directions, card: card)
  }

  private static func direction(_ index: Int, _ file: SafetensorsFile, _ place: InputLocation) throws -> [Float] {
    let tensor = try file.tensor("feature.\(index)")
    guard tensor.rank == 1, tensor.count > 0, tensor.dtype == .float32 else {
      throw TelltaleError(
        .badInput, "has a feature of shape \(tensor.shape) where one row of floats is expected; fit the monitor again",
        at: place)
    }
    let values = try tensor.floats()
    guard values.allSatisfy(\.isFinite) else {
      throw TelltaleError(.badInput, "has a feature that is not finite; fit the monitor again", at: place)
    }
    return values
  }
}
