import Foundation
import Foundations
import LanguageModels
import Torch

/// Results of finished stages on disk. A stage is used again where the inputs that it states are the same, and made again
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

  /// A recording in a folder.
  func recording(_ name: String, inputs: [String: String], make: () throws -> Recording) throws -> Recording {
    let name = "recordings/\(name)"
    let place = url.appending(path: name)
    return try kept(name, place, inputs: inputs, read: RecordingFolder.read) {
      let recording = try make()
      try makeFolder(place)
      try RecordingFolder.write(recording, to: place)
      return recording
    }
  }

  /// A vector file with the differences that it is the mean of, where they are known.
  func vector(_ name: String, inputs: [String: String], make: () throws -> ComparedVector) throws -> ComparedVector {
    let place = url.appending(path: "\(name).safetensors")
    let differences = PairDifferences.url(beside: place)
    return try kept(name, place, differences, inputs: inputs, read: ComparedVector.init(contentsOf:)) {
      let vector = try make()
      try makeFolder(place)
      try vector.pairs?.write(to: differences)
      try vector.vectors.write(to: place)
      return vector
    }
  }

  /// What stands at `place` where it is of the same inputs, else what is made there. What is stated is written last, so a
  /// result that is stated is whole.
  private func kept<Value>(
    _ name: String, _ place: URL, _ beside: URL? = nil, inputs: [String: String], read: (URL) throws -> Value,
    make: () throws -> Value
  ) throws -> Value {
    let stage: Stage<Nothing>? = self.read(name)
    if stage?.inputs == inputs, FileManager.default.fileExists(atPath: place.path) { return try read(place) }
    try remove([place, stated(name)] + [beside].compactMap { $0 })
    let value = try make()
    try write(Stage(inputs: inputs, value: Nothing()), name)
    return value
  }

  private func stated(_ name: String) -> URL { url.appending(path: "\(name).json") }

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
