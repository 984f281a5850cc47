import Foundation

/// The memory of this process in bytes, as the kernel counts it (/proc/self/status); nil where it does not say.
package struct ProcessMemory: Sendable {
  /// What is in memory now, mapped files included.
  package let resident: Int?
  /// Of that, what belongs to no file.
  package let anonymous: Int?
  /// Of that, pages of mapped files: programs, libraries, checkpoints.
  package let file: Int?
  /// The most that was in memory.
  package let peak: Int?

  package static var now: ProcessMemory {
    ProcessMemory(status: (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "")
  }

  /// - Parameter status: lines such as `VmHWM:   154776 kB`.
  package init(status: String) {
    let pairs = status.split(separator: "\n").compactMap { line -> (Substring, Int)? in
      let words = line.split(whereSeparator: { $0.isWhitespace || $0 == ":" })
      guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]) else { return nil }
      return (words[0], kibibytes << 10)
    }
    let bytes = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    (resident, peak) = (bytes["VmRSS"], bytes["VmHWM"])
    (anonymous, file) = (bytes["RssAnon"], bytes["RssFile"])
  }
}
