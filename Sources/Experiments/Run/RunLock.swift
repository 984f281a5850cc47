import Foundation
import Foundations
import Torch

/// Who works on a run directory.
package struct RunHolder: Codable, Sendable, Equatable {
  package var pid: Int32
  package var host: String
  package var since: Date
  /// The array task that it is: `2/4`; nil for a process that has the directory to itself.
  package var task: String?

  package var description: String { (task.map { "array task \($0), " } ?? "") + "process \(pid) on \(host)" }
}

/// One process a run directory: an advisory lock (flock) that the system takes back when the process ends, however it
/// ends. The file says who holds it. The tasks of a job array share it and each lock their own file
/// (`TaskLock`).
final class RunLock {
  private let descriptor: Int32
  private let isShared: Bool

  /// - Parameters:
  ///   - file: another than that of the whole run.
  ///   - shared: together with others who share it; such a lock is not signed.
  ///   - task: who signs, where it is an array task.
  ///   - patience: tries, a twentieth of a second apart; somebody who only looked holds it no longer than a quarter.
  /// - Throws: `TelltaleError` naming the holder, where another process holds the directory.
  init(
    _ layout: RunLayout, file: URL? = nil, shared: Bool = false, task: ArrayTask? = nil, patience: Int = 5
  ) throws(TelltaleError) {
    let url = file ?? layout.lock
    isShared = shared
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    let place = InputLocation(file: layout.url.path)
    guard descriptor >= 0 else {
      let reason = SystemReason.last
      let remedy = reason.isOfMachine ? reason.remedy : "check its permissions"
      throw TelltaleError(reason.code, "cannot be written to (\(reason)); \(remedy)", at: place)
    }
    if let refusal = Self.take(descriptor, shared ? LOCK_SH : LOCK_EX, patience) {
      guard !refusal.isLackOfLocks else {
        close(descriptor)
        throw Self.noLocks(refusal, at: place)
      }
      let others = Self.read(url).map { [$0] } ?? Self.holders(of: layout)
      let holder = "\(others.first?.description ?? "another process") works on it"
      close(descriptor)
      throw TelltaleError(
        .badInput, "is in use: \(holder); wait for its end, or name another folder", at: place, remedy: .nameOutput)
    }
    if shared { ftruncate(descriptor, 0) } else { sign(task) }
  }

  deinit {
    if !isShared { ftruncate(descriptor, 0) }
    close(descriptor)
  }

  /// Who holds a directory now: one process, or the tasks of a job array.
  static func holders(of layout: RunLayout) -> [RunHolder] {
    holder(of: layout.lock).map { [$0] } ?? TaskLock.holders(of: layout)
  }

  /// Who holds a lock file now; nil where nobody does.
  static func holder(of url: URL) -> RunHolder? {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // A shared lock, given back at once: two who look do not see each other.
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0 || SystemReason.last.isLackOfLocks ? nil : read(url)
  }

  /// Takes a lock, or says why it cannot be had.
  private static func take(_ descriptor: Int32, _ operation: Int32, _ patience: Int) -> SystemReason? {
    var refusal: SystemReason?
    for _ in 0..<patience {
      if flock(descriptor, operation | LOCK_NB) == 0 { return nil }
      refusal = .last
      if refusal?.isLackOfLocks == true { break }
      usleep(50_000)
    }
    return refusal
  }

  /// What is said of a file system that knows no locks, as some network mounts do not.
  static func noLocks(_ reason: SystemReason, at place: InputLocation) -> TelltaleError {
    TelltaleError(
      .badInput,
      "lies on a file system without locks (flock: \(reason)), so that two processes could write at once; mount it with locks "
        + "(Lustre: -o flock), or use a folder on another file system", at: place)
  }

  private func sign(_ task: ArrayTask?) {
    let holder = RunHolder(
      pid: ProcessInfo.processInfo.processIdentifier, host: ProcessInfo.processInfo.hostName, since: Date(),
      task: task?.description)
    guard let data = try? JSONEncoder().encode(holder) else { return }
    ftruncate(descriptor, 0)
    _ = data.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  private static func read(_ url: URL) -> RunHolder? {
    guard let data = FileManager.default.contents(atPath: url.path) else { return nil }
    return try? JSONDecoder().decode(RunHolder.self, from: data)
  }
}
