import Foundation
import Foundations
import Torch

/// SHA-256 of the files of a folder, in a file among them: written with the folder, compared when a file is read. So a bit
/// that flips on a disk and a file that somebody replaced are refused and never become results.
///
/// The file is called and looks as those of `sha256sum`: `sha256sum -c SHA256SUMS` in the folder checks it too.
package enum FolderSums {
  package static let fileName = "SHA256SUMS"
  /// Of two files with their names.
  private static let largest = 1 << 16

  /// Writes the sums of these files of the folder, in the order of their names.
  package static func write(_ names: [String], in folder: URL) throws {
    let lines = try names.sorted().map { "\(try FileDigest.sha256(folder.appending(path: $0)))  \($0)\n" }
    try AtomicFile.write(Data(lines.joined().utf8), to: folder.appending(path: fileName))
  }

  /// Refuses a file of the folder whose contents are not those that were written. A folder without sums, as older versions
  /// wrote them, has nothing to compare with.
  ///
  /// - Parameter remedy: what to do, as the end of a sentence.
  package static func check(_ name: String, in folder: URL, remedy: String) throws {
    guard let sums = try sums(in: folder, remedy: remedy) else { return }
    let file = folder.appending(path: name)
    guard let sum = sums[name] else {
      throw TelltaleError(
        .badInput, "names no \(name), which lies in the same folder; \(remedy)",
        at: InputLocation(file: folder.appending(path: fileName).path))
    }
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw TelltaleError(.badInput, "is missing; \(remedy)", at: InputLocation(file: file.path))
    }
    guard try FileDigest.matches(file, sum) else {
      throw TelltaleError(
        .badInput, "was altered since it was written: its SHA-256 is not that in \(fileName); \(remedy)",
        at: InputLocation(file: file.path))
    }
  }

  /// By file name; nil where the folder has none.
  private static func sums(in folder: URL, remedy: String) throws -> [String: String]? {
    let url = folder.appending(path: fileName)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let text = try InputFile(contentsOf: url, maximumBytes: largest).text
    var sums: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].utf8.count == 64 else {
        throw TelltaleError(
          .badInput, "is no list of SHA-256 sums; \(remedy)", at: InputLocation(file: url.path))
      }
      sums[parts[1].trimmingCharacters(in: .whitespaces)] = parts[0].lowercased()
    }
    return sums
  }
}
