import Foundation
import Foundations
import Steering
import Torch

/// The directory of one run: the frozen experiment file, chunks of recordings, vectors, results.
///
/// Everything is written aside and renamed, so that what is there is whole.
public struct RunDirectory: Sendable {
  public let url: URL

  /// Makes the directory. One that already holds a run is refused: its results are somebody's work.
  public init(creating url: URL) throws(TelltaleError) {
    self.url = url
    let place = InputLocation(file: url.path)
    let contents = try? FileManager.default.contentsOfDirectory(atPath: url.path)
    guard contents?.isEmpty ?? true else {
      if !RunLock.holders(of: url).isEmpty { _ = try RunLock(url) }
      throw TelltaleError(
        .badInput, "is not empty; continue a run with --resume, or name a new folder with --output", at: place)
    }
    try makeFolders()
  }

  /// A directory to go on with: one of an earlier run of an experiment of the same name, or one that is not there yet.
  init(resuming url: URL, _ experiment: Experiment) throws {
    self.url = url
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    if !contents.isEmpty {
      let own = try StoredRun(url).experiment.name
      guard own == experiment.name else {
        throw TelltaleError(
          .badInput,
          "holds the experiment \"\(SafeText.quoted(own))\", not \"\(SafeText.quoted(experiment.name))\"; name another folder with "
            + "--output", at: InputLocation(file: url.path))
      }
    }
    try makeFolders()
  }

  private func makeFolders() throws(TelltaleError) {
    let place = InputLocation(file: url.path)
    do {
      for folder in ["audit", "chunks", "stages", "vectors", "results"] {
        try FileManager.default.createDirectory(
          at: url.appendingPathComponent(folder), withIntermediateDirectories: true)
      }
    } catch {
      throw TelltaleError(.badInput, "cannot be made; check the path and its permissions", at: place)
    }
  }

  /// A directory that is there already.
  init(existing url: URL) { self.url = url }

  /// After a failure: a directory in which no work was finished would only be in the way of the next try.
  func removeIfWithoutResults() {
    let finished = ["chunks", "vectors", "results"].contains { folder in
      let names = try? FileManager.default.contentsOfDirectory(atPath: file(folder).path)
      return !(names ?? []).allSatisfy { $0.hasPrefix(".") }
    }
    if !finished { try? FileManager.default.removeItem(at: url) }
  }

  public func file(_ path: String) -> URL { url.appendingPathComponent(path) }

  public func write(_ text: String, to path: String) throws { try AtomicFile.write(Data(text.utf8), to: file(path)) }

  /// How JSON, which has no infinite numbers, holds the ends of intervals that have none.
  static let infinities = (
    encoding: JSONEncoder.NonConformingFloatEncodingStrategy.convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan"),
    decoding: JSONDecoder.NonConformingFloatDecodingStrategy.convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  )

  /// One JSON document, keys sorted.
  public func write(_ value: some Encodable, json path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    encoder.nonConformingFloatEncodingStrategy = Self.infinities.encoding
    try AtomicFile.write(try encoder.encode(value), to: file(path))
  }

  /// Writes a recording as a chunk: `chunks/<stage>/<number>/`, whole or not at all.
  public func write(_ recording: Recording, stage: String, number: Int) throws {
    let parent = file("chunks").appendingPathComponent(stage)
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    try RecordingFolder.write(recording, to: parent.appendingPathComponent("\(number)"))
  }
}
