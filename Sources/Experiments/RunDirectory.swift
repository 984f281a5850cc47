import Foundation
import Foundations
import Steering
import Torch

/// The directory of one run: the frozen experiment file, chunks of recordings, vectors, results.
///
/// Everything is written aside and renamed, so that what is there is whole.
package struct RunDirectory: Sendable {
  package let layout: RunLayout
  package var url: URL { layout.url }

  /// Makes the directory. One that already holds a run is refused: its results are somebody's work.
  package init(creating url: URL) throws(TelltaleError) {
    layout = RunLayout(url)
    guard layout.holdsNothing else {
      try layout.checkVersion()
      if !RunLock.holders(of: layout).isEmpty { _ = try RunLock(layout) }
      throw TelltaleError(
        .badInput, "is not empty; continue the run that it holds, or name another folder",
        at: InputLocation(file: url.path), remedy: .resumeOrNameOutput)
    }
    try makeFolder()
  }

  /// A directory to go on with: one of an earlier run of an experiment of the same name, or one that is not there yet.
  init(resuming url: URL, _ experiment: Experiment) throws {
    layout = RunLayout(url)
    if !layout.holdsNothing {
      let own = try StoredRun(url).experiment.name
      guard own == experiment.name else {
        throw TelltaleError(
          .badInput,
          "holds the experiment \"\(SafeText.quoted(own))\", not \"\(SafeText.quoted(experiment.name))\"; name another "
            + "folder", at: InputLocation(file: url.path))
      }
    }
    try makeFolder()
  }

  private func makeFolder() throws(TelltaleError) {
    do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
      throw TelltaleError(
        .badInput, "cannot be made; check the path and its permissions", at: InputLocation(file: url.path))
    }
  }

  /// A directory that is there already.
  init(existing url: URL) { layout = RunLayout(url) }

  /// After a failure: a directory in which no work was finished would only be in the way of the next try.
  func removeIfWithoutResults() {
    let finished = layout.work.contains { folder in
      let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
      return names.contains { path in
        // Work is in files and whole chunks, not in the folders that wait for them.
        !path.split(separator: "/").contains { $0.hasPrefix(".") } && !isFolder(folder.appending(path: path))
      }
    }
    if !finished { try? FileManager.default.removeItem(at: url) }
  }

  private func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  // MARK: Writing

  /// Makes the folder that a file is to lie in.
  @discardableResult
  func ready(_ url: URL) throws -> URL {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    return url
  }

  package func write(_ text: String, to url: URL) throws { try AtomicFile.write(Data(text.utf8), to: ready(url)) }

  /// How JSON, which has no infinite numbers, holds the ends of intervals that have none.
  static let infinities = (
    encoding: JSONEncoder.NonConformingFloatEncodingStrategy.convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan"),
    decoding: JSONDecoder.NonConformingFloatDecodingStrategy.convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  )

  /// One JSON document, keys sorted.
  func write(_ value: some Encodable, json url: URL) throws {
    try AtomicFile.write(try Self.encoder.encode(value), to: ready(url))
  }

  /// A document that `write` wrote; nil where it is not there or is none.
  func json<Value: Decodable>(_ type: Value.Type, _ url: URL) -> Value? {
    FileManager.default.contents(atPath: url.path).flatMap { try? Self.decoder.decode(type, from: $0) }
  }

  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    encoder.nonConformingFloatEncodingStrategy = infinities.encoding
    return encoder
  }

  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    decoder.nonConformingFloatDecodingStrategy = infinities.decoding
    return decoder
  }

  /// Writes a recording as a chunk, whole or not at all.
  package func write(_ recording: Recording, _ model: ModelName, _ target: TargetName, chunk number: Int) throws {
    try RecordingFolder.write(recording, to: ready(layout.chunk(model, target, number)))
  }
}

extension RunLayout {
  /// Whether a folder is not there, empty, or as a run leaves it that is killed in its first instant: folders and a lock, but
  /// no file.
  fileprivate var holdsNothing: Bool {
    guard let walk = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [.isDirectoryKey]) else {
      return true
    }
    return walk.allSatisfy { entry in
      guard let file = entry as? URL, (try? file.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) != true else {
        return true
      }
      let isUnfinished = file.lastPathComponent.hasPrefix(".") && file.pathExtension == "tmp"
      return isUnfinished || file.lastPathComponent == lock.lastPathComponent
    }
  }
}
