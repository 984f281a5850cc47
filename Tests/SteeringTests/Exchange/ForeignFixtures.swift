import Foundation
import Foundations
import TestSupport
import Torch

@testable import Steering

/// The files of other tools under Tests/Fixtures/exchange, and the numbers they hold.
enum ForeignFixtures {
  static func file(_ name: String) -> URL { Fixtures.file("exchange/\(name)") }

  /// The four rows that the files are made of.
  static func rows() throws -> [[Float]] {
    try JSONDecoder().decode([[Float]].self, from: Data(contentsOf: file("rows.json")))
  }

  /// The layers of an imported file.
  static func layers(_ name: String, _ settings: VectorImport = VectorImport()) throws -> [Int: [Float]] {
    try settings.vectors(from: [file(name)]).vectors.layers
  }

  /// Why a file is refused: one sentence that names it, as bad input. Empty where it is not refused.
  static func refusal(_ url: URL, _ settings: VectorImport = VectorImport()) -> String {
    do { _ = try settings.vectors(from: [url]) } catch let error as TelltaleError {
      return error.isBadInput && error.location?.file == url.path && !error.message.contains("\n")
        ? error.description : "not as errors should be: \(error)"
    } catch { return "not located: \(error)" }
    return ""
  }

  static func refusal(_ name: String, _ settings: VectorImport = VectorImport()) -> String {
    refusal(file(name), settings)
  }
}
