import Foundation
import Foundations
import Steering
import Torch

// SHA-256 of what the stages of a run made: stated in their records, compared when a file is read. A chunk of a recording has
// the sums of its files inside (`FolderSums`), and the record those of these sums, so that chunks cannot change places.

extension RunDirectory {
  /// The sums of all that a stage has made, by the file's path in the directory.
  ///
  /// - Parameter chunk: of this one alone.
  func sums(of stage: some Stage, chunk: Int? = nil) throws -> [String: String] {
    var sums: [String: String] = [:]
    for file in stage.summedFiles(layout, chunk: chunk) where FileManager.default.fileExists(atPath: file.path) {
      sums[layout.path(of: file)] = try FileDigest.sha256(file)
    }
    return sums
  }

  // MARK: Checking

  /// The file, where it is as the stage that made it left it; refused where it is not.
  func checked(_ file: URL, of stage: some Stage) throws -> URL {
    let path = layout.path(of: file)
    guard let sum = try record(of: stage)?.files?[path], FileManager.default.fileExists(atPath: file.path),
      try !FileDigest.matches(file, sum)
    else { return file }
    throw TelltaleError(
      .badInput,
      "was altered since the run wrote it: its SHA-256 is not that in \(layout.path(of: layout.record(of: stage))); restore it "
        + "from a copy, or remove it and continue the run, which makes it again", at: InputLocation(file: file.path),
      remedy: .resume)
  }

  /// Refuses a chunk whose files are not those that were recorded as this chunk.
  func checkChunk(_ number: Int, of recording: RecordStage, _ record: StageRecord?) throws {
    let folder = layout.chunk(recording.model, recording.target, number)
    let file = folder.appending(path: FolderSums.fileName)
    let remedy =
      "restore it from a copy, or remove the folder of its chunk and continue the run, which records it again"
    if let sums = record?.files, let sum = sums[layout.path(of: file)] {
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw TelltaleError(.badInput, "is missing; \(remedy)", at: InputLocation(file: file.path), remedy: .resume)
      }
      guard try FileDigest.matches(file, sum) else { throw exchanged(folder, try FileDigest.sha256(file), sums) }
    }
    for name in [RecordingFolder.rowsName, RecordingFolder.activationsName] {
      do { try FolderSums.check(name, in: folder, remedy: remedy) } catch var error as TelltaleError {
        error.remedy = .resume
        throw error
      }
    }
  }

  /// The sentence on a chunk whose sums are not those in the record.
  private func exchanged(_ folder: URL, _ found: String, _ sums: [String: String]) -> TelltaleError {
    let place = InputLocation(file: folder.path)
    if let other = sums.first(where: { $0.value == found })?.key {
      let own = other.split(separator: "/").dropLast().last ?? ""
      return TelltaleError(
        .badInput, "holds chunk \(own) instead of another; give the folders of the chunks their own names again",
        at: place)
    }
    return TelltaleError(
      .badInput,
      "holds another chunk than the run recorded; restore it from a copy, or remove the folder and continue the run, which "
        + "records it again", at: place, remedy: .resume)
  }

  /// Refuses a recording of which chunks are missing, or that has chunks too many.
  func checkWhole(_ recording: RecordStage, _ record: StageRecord?) throws {
    guard let all = record?.chunks else { return }
    try checkNumbers(of: recording, chunks: all)
    let numbers = layout.chunkNumbers(recording.model, recording.target)
    guard let missing = (0..<all).first(where: { !numbers.contains($0) }) else { return }
    throw TelltaleError(
      .badInput, "holds \(numbers.count) of \(all) chunks, and not chunk \(missing); continue the run to its end",
      at: InputLocation(file: layout.chunks(recording.model, recording.target).path), remedy: .resume)
  }

  /// Refuses chunks that are not of the recording.
  func checkNumbers(of recording: RecordStage, chunks: Int) throws {
    let numbers = layout.chunkNumbers(recording.model, recording.target)
    guard let stray = numbers.first(where: { !(0..<chunks).contains($0) }) else { return }
    throw TelltaleError(
      .badInput,
      "is no chunk of the recording, whose \(chunks) chunks are 0 to \(chunks - 1); remove this folder",
      at: InputLocation(file: layout.chunk(recording.model, recording.target, stray).path))
  }

  /// Refuses rows that do not answer these items in this order.
  func check(_ rows: [RecordedRow], answer items: [Item], in chunk: URL) throws {
    guard rows.map(\.id) != items.map(\.id) else { return }
    let place = InputLocation(file: chunk.appending(path: RecordingFolder.rowsName).path)
    let remedy = "remove the folder of the chunk and continue the run, which records it again"
    guard let index = zip(rows, items).enumerated().first(where: { $0.element.0.id != $0.element.1.id })?.offset else {
      throw TelltaleError(
        .badInput, "has \(rows.count) rows for the \(items.count) items of the chunk; \(remedy)", at: place,
        remedy: .resume)
    }
    throw TelltaleError(
      .badInput,
      "row \(index + 1) answers \(SafeText.quoted(rows[index].id)) where the data set has \(SafeText.quoted(items[index].id)); "
        + remedy, at: place, remedy: .resume)
  }
}

extension StageRecord {
  /// As it is stored: with a sum over itself, in which the sum's own digits count as zeros.
  func stored(by encoder: JSONEncoder) throws -> Data {
    var record = self
    record.sum = Self.noSum
    let data = try encoder.encode(record)
    let text = String(decoding: data, as: UTF8.self)
    return Data(text.replacing(Self.noSum, with: FileDigest.sha256(data)).utf8)
  }

  /// Whether the text of a stored record is as it was written; older ones have no sum.
  func isUnaltered(_ text: String) -> Bool {
    guard let sum else { return true }
    return FileDigest.sha256(Data(text.replacing(sum, with: Self.noSum).utf8)) == sum
  }

  private static let noSum = String(repeating: "0", count: 64)
}
