import Foundation

/// Writing folders so that a reader sees the whole folder or none.
package enum AtomicFolder {
  /// Throws where something stands at `url` already, before anything is computed for it.
  package static func refuseExisting(_ url: URL) throws(TelltaleError) {
    guard !FileManager.default.fileExists(atPath: url.path) else {
      throw TelltaleError(
        .badInput, "is there already; name a new folder, or remove it first", at: InputLocation(file: url.relativePath),
        remedy: .nameOutput)
    }
  }

  /// Calls `body` with a new folder next to `url`, flushes it to the disk and renames it to `url`, which must not be there
  /// yet. Where anything fails, nothing is left behind; an error about a file inside is told by the folder's own name.
  package static func write(to url: URL, _ body: (URL) throws -> Void) throws {
    try refuseExisting(url)
    let place = InputLocation(file: url.relativePath)
    let parent = url.deletingLastPathComponent()
    let aside = parent.appendingPathComponent(
      ".\(url.lastPathComponent).\(UInt32.random(in: 0...UInt32.max)).tmp", isDirectory: true)
    do { try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true) } catch {
      throw TelltaleError(.badInput, "cannot be made; check the path and its permissions", at: place)
    }
    defer { try? FileManager.default.removeItem(at: aside) }
    do { try body(aside) } catch let error as TelltaleError where error.location?.file.hasPrefix(aside.path) ?? false {
      throw TelltaleError(error.code, error.message, at: place)
    }
    AtomicFile.flush(folder: aside)
    guard rename(aside.path, url.path) == 0 else {
      throw TelltaleError(.failed, "cannot be put in place (\(String(cString: strerror(errno))))", at: place)
    }
    AtomicFile.flush(folder: parent)
  }
}
