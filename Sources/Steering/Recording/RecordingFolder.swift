import Foundation
import Foundations
import Torch

/// A recording on disk: a folder with `rows.jsonl` (one row a line) and `activations.safetensors` (one tensor per read
/// position, float32 [rows, layers, hidden], in the order of the rows), and the sums of both (`FolderSums`), which are
/// compared when the folder is read.
public enum RecordingFolder {
  package static let rowsName = "rows.jsonl"
  package static let activationsName = "activations.safetensors"
  /// No recording's rows are larger.
  private static let largestRows = 4 << 30

  /// Writes the folder aside and renames it, so that a folder that is there is whole. It must not be there yet.
  public static func write(_ recording: Recording, to url: URL) throws {
    try AtomicFolder.write(to: url) { try write(recording, aside: $0) }
  }

  private static func write(_ recording: Recording, aside: URL) throws {
    try AtomicFile.write(lines(recording.rows), to: aside.appendingPathComponent(rowsName))
    let tensors = Dictionary(uniqueKeysWithValues: recording.activations.map { ($0.key.rawValue, $0.value) })
    let metadata = [
      "layers": recording.layers.map(String.init).joined(separator: ","), "shape": "[rows, layers, hidden]",
      "site": SteeringVectors.layerConvention,
    ]
    try SafetensorsFile.write(tensors, metadata: metadata, to: aside.appendingPathComponent(activationsName))
    try writeSums(in: aside)
  }

  package static func writeSums(in folder: URL) throws {
    try FolderSums.write([rowsName, activationsName], in: folder)
  }

  private static func lines(_ rows: [RecordedRow]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try rows.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) }
  }

  /// Reads a folder; rows and activations must belong together. A target of a run (`chunks/MODEL/TARGET`), whose parts are
  /// folders 0, 1, ... in it, is read as one recording.
  public static func read(_ url: URL) throws -> Recording {
    let isThere = { (part: URL) in FileManager.default.fileExists(atPath: part.appending(path: rowsName).path) }
    let parts = Array((0...).lazy.map { url.appending(path: "\($0)") }.prefix(while: isThere))
    guard !isThere(url), let first = parts.first else { return try readPart(url) }
    return try Recording.joined([readPart(first)] + parts.dropFirst().map(readPart))
  }

  private static func readPart(_ url: URL) throws -> Recording {
    for name in [rowsName, activationsName] {
      try FolderSums.check(name, in: url, remedy: "restore it from a copy, or record again")
    }
    let rows = try readRows(url.appendingPathComponent(rowsName))
    let file = try SafetensorsFile(url.appendingPathComponent(activationsName))
    let place = InputLocation(file: file.url.path)
    let layers = (file.metadata["layers"] ?? "").split(separator: ",").compactMap { Int($0) }
    var activations: [ReadPosition: Tensor] = [:]
    for name in file.names {
      guard let position = ReadPosition(rawValue: name) else { continue }
      let tensor = try file.tensor(name)
      guard tensor.rank == 3, tensor.size(0) == rows.count, tensor.size(1) == layers.count else {
        throw TelltaleError(
          .badInput,
          "\"\(name)\" has shape \(tensor.shape) for \(rows.count) rows and \(layers.count) layers; "
            + "the recording is damaged, record it again", at: place)
      }
      activations[position] = tensor
    }
    guard !activations.isEmpty else {
      throw TelltaleError(.badInput, "holds no activations at a read position; record again", at: place)
    }
    return Recording(rows: rows, layers: layers, activations: activations)
  }

  private static func readRows(_ url: URL) throws -> [RecordedRow] {
    let place = InputLocation(file: url.path)
    let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    guard size <= largestRows, let data = FileManager.default.contents(atPath: url.path) else {
      throw TelltaleError(.badInput, "cannot be read; name the folder of a recording", at: place)
    }
    let decoder = JSONDecoder()
    return try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      do { return try decoder.decode(RecordedRow.self, from: Data(line)) } catch {
        throw TelltaleError(
          .badInput, "is no row of a recording; record again", at: InputLocation(file: url.path, line: index + 1))
      }
    }
  }
}
