import Foundation
import Synchronization

/// The files that are mapped into memory now: for the signal that the system sends where one was shortened meanwhile, and
/// for the question whether what was read is still what is there.
package enum MappedFiles {
  /// What a signal handler may read: nothing here is allocated or freed after `start`.
  private struct Entry {
    var base: UInt = 0
    var end: UInt = 0
    var path: UnsafeMutablePointer<CChar>?
  }

  /// What tells one state of a file from another.
  package struct Identity: Hashable, Sendable {
    var device: UInt64
    var node: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    /// Nil where there is no such file.
    package init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      self.init(status)
    }

    init(_ status: stat) {
      (device, node, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    func isSameFile(as other: Identity) -> Bool { (device, node) == (other.device, other.node) }
  }

  /// Further files have no name in the message.
  private static let most = 4_096
  private nonisolated(unsafe) static let entries = {
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: most)
    entries.initialize(repeating: Entry(), count: most)
    return entries
  }()
  private static let isFaulting = Atomic(false)

  private struct State {
    var live: [UInt: (path: String, identity: Identity, slot: Int?)] = [:]
    var free = Array((0..<MappedFiles.most).reversed())
    var changed: String?
  }

  private static let state = Mutex(State())

  // MARK: Which are mapped

  static func add(_ path: String, _ base: UnsafeRawPointer, _ count: Int, _ identity: Identity) {
    state.withLock { state in
      let slot = state.free.popLast()
      state.live[UInt(bitPattern: base)] = (path, identity, slot)
      guard let slot else { return }
      entries[slot] = Entry(base: UInt(bitPattern: base), end: UInt(bitPattern: base) + UInt(count), path: strdup(path))
    }
  }

  static func remove(_ base: UnsafeRawPointer) {
    state.withLock { state in
      guard let file = state.live.removeValue(forKey: UInt(bitPattern: base)) else { return }
      if state.changed == nil, isChanged(file.path, file.identity) { state.changed = file.path }
      guard let slot = file.slot else { return }
      let path = entries[slot].path
      entries[slot] = Entry()
      free(path)
      state.free.append(slot)
    }
  }

  /// Whether the very file that was mapped has other contents now; one that was replaced by renaming has not.
  private static func isChanged(_ path: String, _ before: Identity) -> Bool {
    guard let now = Identity(path), now.isSameFile(as: before) else { return false }
    return now != before
  }

  /// Refuses results that were computed while somebody wrote into a file that they were read from.
  package static func checkUnchanged() throws(TelltaleError) {
    let changed = state.withLock { state in
      state.changed ?? state.live.values.first { isChanged($0.path, $0.identity) }?.path
    }
    guard let changed else { return }
    throw TelltaleError(
      .failed,
      "was written to by another process while it was read, so that the results may be of neither version; run this again, "
        + "and replace files by renaming", at: InputLocation(file: changed))
  }

  // MARK: The signal

  /// From here on, a mapped file that another process shortens ends this process with one sentence and code 1.
  package static func explainFaults() {
    _ = (entries, isFaulting.load(ordering: .relaxed))  // made before a handler asks for them
    var action = sigaction()
    action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_ONSTACK)
    action.__sigaction_handler.sa_sigaction = { _, info, _ in
      MappedFiles.end(at: info.map { UInt(bitPattern: $0.pointee._sifields._sigfault.si_addr) } ?? 0)
    }
    sigaction(SIGBUS, &action, nil)
  }

  /// Called by a signal handler: writes, without allocating, and ends.
  private static func end(at address: UInt) -> Never {
    // Of several threads that fault together, one speaks.
    guard !isFaulting.exchange(true, ordering: .relaxed) else { while true { pause() } }
    say("telltale: ")
    var slot = 0
    while slot < most, !(entries[slot].base <= address && address < entries[slot].end) { slot += 1 }
    if slot < most, let path = entries[slot].path {
      let length = strlen(path)
      let start = length > 200 ? length - 200 : 0
      if start > 0 { say("...") }
      write(STDERR_FILENO, path + start, length - start)
      say(": ")
    } else {
      say("a file that was being read ")
    }
    say("was shortened by another process, or its disk failed, while it was read; ")
    say("run this again, and replace files by renaming\n")
    _exit(1)
  }

  private static func say(_ text: StaticString) { write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }
}
