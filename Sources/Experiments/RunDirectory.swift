import Foundation
import Steering
import Torch

/// The directory of one run: the frozen experiment file, chunks of recordings, vectors, results.
///
/// Everything is written aside and renamed, so that what is there is whole.
public struct RunDirectory: Sendable {
  public let url: URL

  /// Makes the directory. One that already holds a run is refused: its results are somebody's work.
  public init(creating url: URL) throws(ExperimentError) {
    self.url = url
    let place = InputLocation(file: url.path)
    let contents = try? FileManager.default.contentsOfDirectory(atPath: url.path)
    guard contents?.isEmpty ?? true else {
      throw ExperimentError(.badInput, "is not empty; name a new folder with --output, or remove it first", at: place)
    }
    do {
      for folder in ["audit", "chunks", "vectors", "results"] {
        try FileManager.default.createDirectory(
          at: url.appendingPathComponent(folder), withIntermediateDirectories: true)
      }
    } catch {
      throw ExperimentError(.badInput, "cannot be made; check the path and its permissions", at: place)
    }
  }

  /// A directory that is there already.
  init(existing url: URL) { self.url = url }

  public func file(_ path: String) -> URL { url.appendingPathComponent(path) }

  public func write(_ text: String, to path: String) throws { try AtomicFile.write(Data(text.utf8), to: file(path)) }

  /// One JSON document, keys sorted.
  public func write(_ value: some Encodable, json path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(value), to: file(path))
  }

  /// Writes a recording as a chunk: `chunks/<stage>/<number>/`, whole or not at all.
  public func write(_ recording: Recording, stage: String, number: Int) throws {
    let parent = file("chunks").appendingPathComponent(stage)
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    try RecordingFolder.write(recording, to: parent.appendingPathComponent("\(number)"))
  }
}
