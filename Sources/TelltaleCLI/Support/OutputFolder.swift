import Foundation
import Foundations
import Torch

/// A folder of results that is there whole or not at all.
enum OutputFolder {
  /// Refuses what is there already, before anything is computed.
  static func refuseExisting(_ path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw TelltaleError(
        .badInput, "is there already; name a new folder, or remove it first", at: InputLocation(file: path))
    }
  }

  /// Writes the files aside and renames their folder.
  static func write(_ files: [(name: String, contents: Data)], to path: String) throws {
    try refuseExisting(path)
    let url = URL(fileURLWithPath: path)
    let aside = url.deletingLastPathComponent()
      .appending(path: ".\(url.lastPathComponent).\(UInt32.random(in: 0...UInt32.max)).tmp")
    do { try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true) } catch {
      throw TelltaleError(
        .badInput, "cannot be made; check the path and its permissions", at: InputLocation(file: path))
    }
    defer { try? FileManager.default.removeItem(at: aside) }
    for file in files { try AtomicFile.write(file.contents, to: aside.appending(path: file.name)) }
    guard rename(aside.path, url.path) == 0 else {
      throw TelltaleError(
        .badInput,
        "cannot be put in place (\(String(cString: strerror(errno))))", at: InputLocation(file: path))
    }
  }
}
