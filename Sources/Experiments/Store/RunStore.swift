import Foundation
import Foundations
import GRDB
import Torch

/// The store of a run: prompts, continuations, labels, vectors and scores, for whoever asks in SQL.
///
/// Everything in it but the labels is built from the run directory's other files, in one transaction. Labels are only
/// ever added; those given by hand are also in the journal next to it, so that the file may be lost and built again.
package struct RunStore: Sendable {
  let directory: RunDirectory
  private let writer: any DatabaseWriter
  var reader: any DatabaseReader { writer }

  /// Opens the store of a run directory, making it where it is not there, and adds labels of the journal it does not hold.
  init(_ directory: RunDirectory) throws {
    self.directory = directory
    let url = directory.layout.store
    writer = try Self.explained(url) {
      let writer = try Self.open(url)
      try StoreMigrations.migrator.migrate(writer)
      return writer
    }
    try addJournal()
  }

  /// Opens the database with write-ahead logging or, on a file system that gives processes no memory to share (some network
  /// mounts), with a rollback journal: slower, and no reader reads while another writes.
  private static func open(_ url: URL) throws -> any DatabaseWriter {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    configuration.label = url.lastPathComponent
    do { return try DatabasePool(path: url.path, configuration: configuration) } catch let error as DatabaseError
      where error.lacksSharedMemory
    {
      configuration.prepareDatabase { database in
        // Whoever is alone needs no shared memory to leave write-ahead logging.
        try database.execute(
          sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL")
      }
      return try DatabaseQueue(path: url.path, configuration: configuration)
    }
  }

  /// The store of a run that was opened already.
  package init(_ run: StoredRun) throws { try self.init(run.directory) }

  /// One transaction: everything that `body` does, or nothing.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    try Self.explained(directory.layout.store) { try writer.write(body) }
  }

  func read<T>(_ body: (Database) throws -> T) throws -> T {
    try Self.explained(directory.layout.store) { try writer.read(body) }
  }

  /// What the store remembers about the files that it was built from.
  enum State: String { case journalEnd, rowsSignature }

  func state(_ name: State) throws -> String? {
    try read { try String.fetchOne($0, sql: "SELECT value FROM state WHERE name = ?", arguments: [name.rawValue]) }
  }

  func remember(_ value: String, as name: State) throws {
    try write {
      try $0.execute(
        sql: "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        arguments: [name.rawValue, value])
    }
  }

  /// SQLite's errors as one sentence.
  private static func explained<T>(_ url: URL, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as DatabaseError {
      let place = InputLocation(file: url.path)
      switch error.resultCode {
      case .SQLITE_NOTADB, .SQLITE_CORRUPT:
        throw TelltaleError(
          .badInput,
          "is no store or is damaged; remove it and run telltale predict on the folder, which builds it again "
            + "with every hand label", at: place)
      case .SQLITE_FULL, .SQLITE_IOERR:
        throw TelltaleError(
          .failed,
          "cannot be written: the disk is full or fails (\(error.message ?? "no reason given")); nothing that "
            + "was there before is lost", at: place)
      case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        throw TelltaleError(.badInput, "cannot be written to; check its permissions and its folder's", at: place)
      case .SQLITE_BUSY:
        throw TelltaleError(.failed, "is busy: another process writes to it for long; try again", at: place)
      default: throw TelltaleError(.failed, "fails: \(error.message ?? "\(error.resultCode)")", at: place)
      }
    }
  }

  /// The scores of vectors and recordings that are about to be made again.
  static func forgetScores(_ directory: RunDirectory) throws {
    guard FileManager.default.fileExists(atPath: directory.layout.store.path) else { return }
    try RunStore(directory).write { database in
      try database.execute(sql: "DELETE FROM scores; DELETE FROM vectors")
    }
  }
}

extension DatabaseError {
  /// Whether the file system does not let processes share memory, which write-ahead logging needs.
  fileprivate var lacksSharedMemory: Bool {
    [.SQLITE_IOERR_SHMMAP, .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_SHMLOCK, .SQLITE_PROTOCOL]
      .contains(extendedResultCode)
  }
}
