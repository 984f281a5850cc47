import Experiments
import Foundation
import Foundations
import Synchronization
import Torch

/// The runs that are served: one run directory, or those in a folder. A run is found by its name in a listing of the
/// folder; nothing that a request says is ever made into a path.
final class RunCatalog: Sendable {
  private static let most = 1_000
  private let folder: URL
  private let isRun: Bool
  private let repeated: Double
  private let desks = Mutex<[String: GradingDesk]>([:])

  /// - Throws: `TelltaleError` if the folder neither is nor holds a run directory.
  init(_ folder: URL, repeated: Double) throws {
    self.folder = folder.standardizedFileURL
    self.repeated = repeated
    isRun = Self.holdsRun(self.folder)
    guard isRun || !names.isEmpty else {
      throw TelltaleError(
        .badInput, "neither is nor holds a run directory; name a folder that telltale run made, or one that holds such",
        at: InputLocation(file: folder.path))
    }
  }

  /// In alphabetical order. Links to elsewhere are no runs.
  var names: [String] {
    if isRun { return [folder.lastPathComponent] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return Array(
      names.filter { !$0.hasPrefix(".") && Self.holdsRun(folder.appendingPathComponent($0)) }.sorted().prefix(Self.most)
    )
  }

  private static func holdsRun(_ url: URL) -> Bool {
    RunFile.isPlain(url, type: .typeDirectory) && RunFile.isPlain(RunLayout(url).experiment)
  }

  /// - Throws: `RequestError` where there is no such run.
  func url(_ name: String) throws(RequestError) -> URL {
    guard names.contains(name) else { throw .notFound }
    return isRun ? folder : folder.appendingPathComponent(name)
  }

  /// The one desk at which a run is graded; opened on first use.
  func desk(_ name: String) throws -> GradingDesk {
    let url = try url(name)
    return try desks.withLock { desks in
      if let desk = desks[name] { return desk }
      let desk = try GradingDesk(url, repeated: repeated)
      desks[name] = desk
      return desk
    }
  }

  /// Puts what was labelled into the stores.
  func finish() { for desk in desks.withLock({ Array($0.values) }) { try? desk.finishStoring() } }
}

/// Files of a run directory.
enum RunFile {
  /// A file or folder itself, not a link to one.
  static func isPlain(_ url: URL, type: FileAttributeType = .typeRegular) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType) == type
  }

  /// The contents of a plain file of at most `largest` bytes; nil where there is none.
  static func contents(_ url: URL, largest: Int) -> Data? {
    let descriptor = open(url.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard isPlain(url), let data = try? handle.read(upToCount: largest + 1), data.count <= largest else { return nil }
    return data
  }
}
