import Foundation
import Foundations
import Torch

/// Every hand label of a run, one a line, only ever added to and flushed to the disk before anyone is told
/// that a label is stored. The database can be built again from it; it can be built again from nothing.
struct LabelJournal {
  private static let largest = 1 << 30
  private let url: URL
  private var place: InputLocation { InputLocation(file: url.path) }

  init(_ directory: RunDirectory) { url = directory.layout.labelJournal }

  /// All labels, in the order in which they were given.
  func read() throws -> [HandLabel] { try added(since: 0).labels }

  /// The labels that were added since the journal had the length `start`, in bytes, and the length of its whole lines now.
  /// Where it no longer has a line that ends there, it was replaced: then all of it is new.
  func added(since start: Int) throws -> (labels: [HandLabel], end: Int) {
    guard FileManager.default.fileExists(atPath: url.path) else { return ([], 0) }
    guard let handle = try? FileHandle(forReadingFrom: url) else { throw unreadable }
    defer { try? handle.close() }
    return try added(since: start, handle)
  }

  private func added(since start: Int, _ handle: FileHandle) throws -> (labels: [HandLabel], end: Int) {
    guard let size = try? handle.seekToEnd(), size <= Self.largest else { throw unreadable }
    // The byte before must end a line, so it is read too.
    let from = max(0, start - 1)
    guard from < Int(size) || size == 0 else { return try added(since: 0, handle) }
    guard (try? handle.seek(toOffset: UInt64(from))) != nil else { throw unreadable }
    let data = try handle.readToEnd() ?? Data()
    guard start == 0 || data.first == UInt8(ascii: "\n") else { return try added(since: 0, handle) }
    let end = data.lastIndex(of: UInt8(ascii: "\n")).map { from + $0 + 1 } ?? from
    do { return (try Self.parse(data, file: url.path), end) } catch  where start > 0 {
      return try added(since: 0, handle)  // whose complaint has the right line
    }
  }

  private var unreadable: TelltaleError {
    TelltaleError(.badInput, "cannot be read; check its permissions", at: place)
  }

  /// A last line without its end was being written when its process was killed: nobody was told that it is stored.
  private static func parse(_ data: Data, file: String) throws -> [HandLabel] {
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let decoder = JSONDecoder()
    var labels: [HandLabel] = []
    for (index, line) in lines.enumerated() where !line.isEmpty {
      if let label = try? decoder.decode(HandLabel.self, from: Data(line)), label.isValid {
        labels.append(label.readable)
      } else if index < lines.count - 1 {
        throw TelltaleError(
          .badInput, "is no label; mend or remove the line, a copy of which should be kept",
          at: InputLocation(file: file, line: index + 1))
      }
    }
    return labels
  }

  /// Adds labels in one write, alone among processes, and flushes them.
  func append(_ labels: [HandLabel]) throws {
    guard !labels.isEmpty else { return }
    try append { _ in labels }
  }

  /// Adds the labels that `choose` returns, which is called while no other process can add any. The disk has them once
  /// this returns.
  func append(_ choose: (LabelJournal) throws -> [HandLabel]) throws {
    let isNew = !FileManager.default.fileExists(atPath: url.path)
    let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let reason = SystemReason.last
      throw TelltaleError(reason.code, "cannot be written (\(reason)); \(reason.remedy)", at: place)
    }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      let reason = SystemReason.last
      if reason.number == EINTR { continue }
      if reason.isLackOfLocks { throw RunLock.noLocks(reason, at: place) }
      throw TelltaleError(.failed, "cannot be locked (\(reason))", at: place)
    }
    let end = try cutUnfinishedLine(descriptor)
    let labels = try choose(self)
    guard !labels.isEmpty else { return }
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
        throw TelltaleError(.failed, "cannot be written (\(reason)); the labels are not stored", at: place)
      }
      done += count
    }
    guard fsync(descriptor) == 0 else {
      throw TelltaleError(.failed, "cannot be flushed to the disk (\(Self.reason))", at: place)
    }
  }

  /// Where the last whole line ends; what follows it is cut off.
  private func cutUnfinishedLine(_ descriptor: Int32) throws -> off_t {
    var end = lseek(descriptor, 0, SEEK_END)
    var byte: UInt8 = 0
    while end > 0, pread(descriptor, &byte, 1, end - 1) == 1, byte != UInt8(ascii: "\n") { end -= 1 }
    guard ftruncate(descriptor, end) == 0 else {
      throw TelltaleError(.failed, "cannot be written (\(Self.reason))", at: place)
    }
    return end
  }

  private static var reason: String { String(cString: strerror(errno)) }
}
