import Foundation
import Torch

/// `labels.jsonl`: every hand label of a run, one a line, only ever added to and flushed to the disk before anyone is told
/// that a label is stored. The database can be built again from it; it can be built again from nothing.
struct LabelJournal {
  private static let largest = 1 << 30
  private let url: URL
  private var place: InputLocation { InputLocation(file: url.path) }

  init(_ directory: RunDirectory) { url = directory.file("labels.jsonl") }

  /// All labels, in the order in which they were given.
  func read() throws -> [HandLabel] {
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    guard size <= Self.largest, let data = FileManager.default.contents(atPath: url.path) else {
      throw ExperimentError(.badInput, "cannot be read; check its permissions", at: place)
    }
    return try Self.parse(data, file: url.path)
  }

  /// A last line without its end was being written when its process was killed: nobody was told that it is stored.
  private static func parse(_ data: Data, file: String) throws -> [HandLabel] {
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let decoder = JSONDecoder()
    var labels: [HandLabel] = []
    for (index, line) in lines.enumerated() where !line.isEmpty {
      if let label = try? decoder.decode(HandLabel.self, from: Data(line)), label.isValid {
        labels.append(label)
      } else if index < lines.count - 1 {
        throw ExperimentError(
          .badInput, "is no label; mend or remove the line, a copy of which should be kept",
          at: InputLocation(file: file, line: index + 1))
      }
    }
    return labels
  }

  /// Adds labels in one write, alone among processes, and flushes them.
  func append(_ labels: [HandLabel]) throws {
    guard !labels.isEmpty else { return }
    let isNew = !FileManager.default.fileExists(atPath: url.path)
    let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ExperimentError(.badInput, "cannot be written (\(Self.reason)); check its permissions", at: place)
    }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX) == 0 else {
      throw ExperimentError(.failed, "cannot be locked (\(Self.reason))", at: place)
    }
    let end = try cutUnfinishedLine(descriptor)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try labels.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) }
    try write(data, descriptor, at: end)
    if isNew { AtomicFile.flush(folder: url.deletingLastPathComponent()) }
  }

  /// All of the data or, where the disk is full, none of it.
  private func write(_ data: Data, _ descriptor: Int32, at start: off_t) throws {
    var done = 0
    while done < data.count {
      let count = data.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, data.count - done, start + off_t(done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = Self.reason
        ftruncate(descriptor, start)
        throw ExperimentError(.failed, "cannot be written (\(reason)); the labels are not stored", at: place)
      }
      done += count
    }
    guard fsync(descriptor) == 0 else {
      throw ExperimentError(.failed, "cannot be flushed to the disk (\(Self.reason))", at: place)
    }
  }

  /// Where the last whole line ends; what follows it is cut off.
  private func cutUnfinishedLine(_ descriptor: Int32) throws -> off_t {
    var end = lseek(descriptor, 0, SEEK_END)
    var byte: UInt8 = 0
    while end > 0, pread(descriptor, &byte, 1, end - 1) == 1, byte != UInt8(ascii: "\n") { end -= 1 }
    guard ftruncate(descriptor, end) == 0 else {
      throw ExperimentError(.failed, "cannot be written (\(Self.reason))", at: place)
    }
    return end
  }

  private static var reason: String { String(cString: strerror(errno)) }
}
