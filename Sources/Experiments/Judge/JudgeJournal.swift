import Foundation
import Foundations
import Torch

/// Every reply of a judge, by the hash of what was asked, only ever added to and flushed to the disk
/// before the next question: a kill loses at most the answers that are under way, and nothing is asked twice.
struct JudgeJournal {
  struct Entry: Codable, Sendable {
    var key: String
    /// Nil where no reply could be read.
    var reply: JudgeReply?
    /// Why there is none.
    var malformed: String?
    var time: String
  }

  private static let largest = 1 << 30
  private let url: URL
  private var place: InputLocation { InputLocation(file: url.path) }

  init(_ directory: RunDirectory, judge: String) { url = directory.layout.judgeReplies(judge) }

  /// By key. A line that cannot be read was being written when its process was killed, and is asked again.
  func read() throws -> [String: Entry] {
    guard FileManager.default.fileExists(atPath: url.path) else { return [:] }
    let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    guard size <= Self.largest, let data = FileManager.default.contents(atPath: url.path) else {
      throw TelltaleError(.badInput, "cannot be read; check its permissions", at: place)
    }
    let decoder = JSONDecoder()
    return data.split(separator: UInt8(ascii: "\n")).reduce(into: [:]) { entries, line in
      if let entry = try? decoder.decode(Entry.self, from: Data(line)) { entries[entry.key] = entry }
    }
  }

  /// Adds one line and flushes it.
  func append(_ entry: Entry) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // The line break comes first, so that a line that a kill cut off spoils no other.
    let line = Data("\n".utf8) + (try encoder.encode(entry)) + Data("\n".utf8)
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw TelltaleError(.badInput, "cannot be written (\(Self.reason)); check its permissions", at: place)
    }
    defer { close(descriptor) }
    let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == line.count, fsync(descriptor) == 0 else {
      throw TelltaleError(.failed, "cannot be written (\(Self.reason)); the reply is not stored", at: place)
    }
  }

  private static var reason: String { String(cString: strerror(errno)) }
}
