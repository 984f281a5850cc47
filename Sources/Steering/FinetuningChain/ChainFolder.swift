import Foundation
import Foundations
import LanguageModels
import Torch

/// Results of finished stages on disk. A stage is used again where the inputs that it states are the same, and made anew
/// where they are not.
struct ChainFolder: Sendable {
  let url: URL

  init(_ url: URL) { self.url = url }

  private struct Stage<Value: Codable>: Codable {
    var inputs: [String: String]
    var value: Value
  }

  private struct Nothing: Codable {}

  /// A result that is kept as JSON.
  func stage<Value: Codable>(
    _ name: String, inputs: [String: String], make: () throws -> Value
  ) throws -> Value {
    if let stage: Stage<Value> = read(name), stage.inputs == inputs { return stage.value }
    let value = try make()
    try write(Stage(inputs: inputs, value: value), name)
    return value
  }

  /// A recording in a folder of its own.
  func recording(_ name: String, inputs: [String: String], make: () throws -> Recording) throws -> Recording {
    let place = url.appending(path: name)
    if isMade(name, place, inputs) { return try RecordingFolder.read(place) }
    try remove([place, stated(name)])
    let recording = try make()
    try makeFolder(place)
    try RecordingFolder.write(recording, to: place)
    try write(Stage(inputs: inputs, value: Nothing()), name)
    return recording
  }

  /// A vector file with the differences that it is the mean of, where they are known.
  func vector(_ name: String, inputs: [String: String], make: () throws -> ComparedVector) throws -> ComparedVector {
    let place = url.appending(path: "\(name).safetensors")
    let differences = PairDifferences.url(beside: place)
    if isMade(name, place, inputs) { return try ComparedVector(contentsOf: place) }
    try remove([place, differences, stated(name)])
    let vector = try make()
    try makeFolder(place)
    try vector.pairs?.write(to: differences)
    try vector.vectors.write(to: place)
    try write(Stage(inputs: inputs, value: Nothing()), name)
    return vector
  }

  private func stated(_ name: String) -> URL { url.appending(path: "\(name).json") }

  /// What is stated is written last, so a result that is stated is whole.
  private func isMade(_ name: String, _ place: URL, _ inputs: [String: String]) -> Bool {
    let stage: Stage<Nothing>? = read(name)
    return stage?.inputs == inputs && FileManager.default.fileExists(atPath: place.path)
  }

  private func read<Value: Codable>(_ name: String) -> Stage<Value>? {
    (try? Data(contentsOf: stated(name))).flatMap { try? JSONDecoder().decode(Stage<Value>.self, from: $0) }
  }

  private func write(_ stage: Stage<some Codable>, _ name: String) throws {
    try makeFolder(stated(name))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(encoder.encode(stage), to: stated(name))
  }

  private func remove(_ urls: [URL]) throws {
    for url in urls where FileManager.default.fileExists(atPath: url.path) {
      do { try FileManager.default.removeItem(at: url) } catch {
        throw TelltaleError(
          .badInput, "is of other inputs and cannot be removed; name another folder", at: InputLocation(file: url.path))
      }
    }
  }

  private func makeFolder(_ file: URL) throws {
    let parent = file.deletingLastPathComponent()
    do { try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true) } catch {
      throw TelltaleError(
        .badInput, "cannot be made; check the path and its permissions", at: InputLocation(file: parent.path))
    }
  }
}

extension PromptEncoder {
  /// SHA-256 of items as they are put to a model.
  func fingerprint(_ items: [Item]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let prompts = try items.map { try prompt($0) }
    return Fingerprint.data(try encoder.encode(items) + encoder.encode(prompts))
  }
}

extension SteeringVectors {
  /// SHA-256 of the numbers.
  var numbersFingerprint: String {
    var data = Data()
    for layer in sortedLayers {
      data += Data("\(layer):".utf8)
      (layers[layer] ?? []).withUnsafeBytes { data += Data($0) }
    }
    return Fingerprint.data(data)
  }
}
