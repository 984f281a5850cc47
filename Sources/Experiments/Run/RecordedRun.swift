import Foundation
import Foundations
import Steering

/// A recording (`telltale record`) and a vector (`telltale extract`) as the run directory that they would be part of, so that they
/// are judged, reported and exported as a run is. Nothing is computed by a model.
package struct RecordedRun {
  private let recording: Recording
  private let vectors: SteeringVectors
  private let differences: URL?
  private let model: ModelName
  private let vector: VectorName
  private let target: TargetName
  private let about: String

  /// - Parameters:
  ///   - recording: the folder of a recording; its name becomes the target's.
  ///   - vector: the vector's file; its name becomes the vector's. Pair differences in the same folder are used.
  package init(recording: URL, vector: URL) throws {
    var vectors = try SteeringVectors(contentsOf: vector)
    let shared = try RecordingFolder.read(recording).layers(of: vectors, recording)
    vectors.layers = vectors.layers.filter { shared.layers.contains($0.key) }
    (self.vectors, self.recording) = (vectors, shared)
    differences = PairDifferences.url(beside: vector)
    let path = vectors.provenance.model ?? "model"
    model = ModelName(Self.name(path.split(separator: "/").last.map(String.init) ?? path))
    self.vector = VectorName(Self.name(vector.deletingPathExtension().lastPathComponent))
    target = TargetName(Self.name(recording.lastPathComponent))
    let made = [vectors.provenance.contrast, vectors.provenance.estimator, vectors.provenance.data]
      .compactMap { $0 }.joined(separator: ", ")
    about = "The recording \(recording.lastPathComponent) and the vector \(vector.lastPathComponent) (\(made))."
  }

  /// Makes the directory with its tables and store.
  ///
  /// - Parameter url: a folder that is not there yet, or empty.
  package func write(to url: URL, onStage: @escaping (String) -> Void = { _ in }) throws -> StoredRun {
    let directory = try RunDirectory(creating: url)
    try directory.write(experiment, to: directory.layout.experiment)
    try directory.write(recording, model, target, chunk: 0)
    try vectors.write(to: directory.ready(directory.layout.vector(model, vector)))
    if let differences, FileManager.default.fileExists(atPath: differences.path) {
      let copy = try directory.ready(directory.layout.differences(model, vector))
      try PairDifferences(contentsOf: differences).write(to: copy)
    }
    try directory.write(Manifest(experiment: target.text, version: Version.current), json: directory.layout.manifest)
    let run = try StoredRun(url)
    _ = try run.judge(onStage: onStage)
    return run
  }

  /// The experiment file that would have made them. What the vector is made from lies elsewhere: a data set without files.
  private var experiment: String {
    let contrast = vectors.provenance.contrast == VectorRecipe.Contrast.spontaneous.rawValue ? "spontaneous" : "answers"
    let positions = recording.activations.keys.map(\.rawValue).sorted().joined(separator: ", ")
    let label = recording.rows.first?.labelSource ?? .letter
    let known = [LabelSource.letter, .forcedChoice, .flip].contains(label) ? label.description : "letter"
    return """
      name: \(target)
      about: \(Self.quoted(about))
      models: [\(model)]
      datasets:
        \(target): {files: [\(Self.quoted(recording.rows.first?.source ?? "rows"))]}
        \(Self.elsewhere): {files: [\(Self.elsewhere)]}
      vectors:
        - {name: \(vector), contrast: \(contrast), dataset: \(Self.elsewhere)}
      recording: {label: \(known)}
      predictions:
        - {targets: [\(target)], positions: [\(positions)]}
      """
  }

  private static let elsewhere = "made-elsewhere"

  /// A name that a run may have: other characters are hyphens.
  private static func name(_ text: String) -> String {
    let letters = text.unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_")
        ? String(scalar) : "-"
    }
    let name = String(letters.joined().prefix(80))
    return name.allSatisfy { $0 == "-" } ? "recording" : name
  }

  /// As a YAML scalar: JSON strings are.
  private static func quoted(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}

extension Recording {
  /// Only the layers at which a vector has a direction.
  fileprivate func layers(of vectors: SteeringVectors, _ url: URL) throws -> Recording {
    let shared = layers.indices.filter { vectors.sortedLayers.contains(layers[$0]) }
    guard !shared.isEmpty else {
      throw TelltaleError(
        .badInput, "the recording and the vector have no layer in common; record the vector's layers",
        at: InputLocation(file: url.path))
    }
    return Recording(
      rows: rows, layers: shared.map { layers[$0] },
      activations: try activations.mapValues { try $0.selected(1, shared) })
  }
}
