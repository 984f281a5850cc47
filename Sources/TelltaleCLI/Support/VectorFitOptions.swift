import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering

/// Which vector files fit a model: shared by every command that uses one with a model.
struct VectorFitOptions: ParsableArguments {
  @Flag(help: "Accept a vector that was made from another model of the same width.")
  var anyModel = false

  /// A vector file that fits the model; what the user should know goes to stderr.
  func vectors(_ path: String, for loaded: LoadedModel) throws -> SteeringVectors {
    if let format = VectorFormat(fileName: path), format != .safetensors {
      throw TelltaleError(
        .badInput,
        "is another tool's vector file; bring it over first with: telltale vector import FILE --output v.safetensors",
        at: InputLocation(file: path))
    }
    let vectors = try SteeringVectors(contentsOf: URL(fileURLWithPath: path))
    let notes = try vectors.check(against: loaded.model, fingerprint: loaded.fingerprint, anyModel: anyModel)
    for note in notes { Terminal.warning(note) }
    return vectors
  }
}
