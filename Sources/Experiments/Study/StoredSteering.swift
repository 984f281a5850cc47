import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// What steering with one vector does to the answers of every target.
package struct StoredSteering: Codable, Equatable {
  package var targets: [Target]

  package struct Target: Codable, Equatable {
    package var dataset: String
    /// By item.
    package var groups: [String]
    /// The unsteered model first.
    package var cells: [Cell]
  }

  package struct Cell: Codable, Equatable {
    /// Nil for the unsteered model.
    package var layer: Int?
    package var scale: Double
    /// How far along the vector the edited tokens were moved, in units of the residual stream.
    package var shift: Double
    /// By item: log p(matching answer) - log p(likeliest other), in nats.
    package var margins: [Double]
  }

  /// Refuses a file that is no such result.
  init(contentsOf url: URL) throws {
    guard let data = FileManager.default.contents(atPath: url.path),
      let stored = try? JSONDecoder().decode(StoredSteering.self, from: data), stored.isWhole
    else {
      throw TelltaleError(
        .badInput, "is no result of steering; remove it and continue the run",
        at: InputLocation(file: url.path))
    }
    self = stored
  }

  init(targets: [Target]) { self.targets = targets }

  private var isWhole: Bool {
    targets.allSatisfy { target in
      target.cells.first.map { $0.layer == nil && $0.scale == 0 } ?? false
        && target.cells.allSatisfy { $0.margins.count == target.groups.count && $0.margins.allSatisfy(\.isFinite) }
    }
  }
}
