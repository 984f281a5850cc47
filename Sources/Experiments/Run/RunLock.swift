import Foundation
import Torch

/// Who works on a run directory.
public struct RunHolder: Codable, Sendable, Equatable {
  public var pid: Int32
  public var host: String
  public var since: Date
}

/// One process a run directory: an advisory lock (flock) that the system takes back when the process ends, however it
/// ends. The file says who holds it.
final class RunLock {
  private static let name = "run.lock"
  private let descriptor: Int32

  /// - Throws: `ExperimentError` naming the holder, where another process holds the directory.
  init(_ directory: URL) throws(ExperimentError) {
    let url = directory.appendingPathComponent(Self.name)
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ExperimentError(
        .badInput, "cannot be written to (\(String(cString: strerror(errno)))); check its permissions",
        at: InputLocation(file: directory.path))
    }
    guard Self.take(descriptor) else {
      let holder = Self.read(url).map { "process \($0.pid) on \($0.host) works on it" } ?? "another process works on it"
      close(descriptor)
      throw ExperimentError(
        .badInput, "is in use: \(holder); wait for its end, or name another folder with --output",
        at: InputLocation(file: directory.path))
    }
    sign()
  }

  deinit {
    ftruncate(descriptor, 0)
    close(descriptor)
  }

  /// Who holds a directory now; nil where nobody does.
  static func holder(of directory: URL) -> RunHolder? {
    let url = directory.appendingPathComponent(name)
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // A shared lock, given back at once: two who look do not see each other.
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? nil : read(url)
  }

  /// Tries for a quarter of a second: somebody who only looked holds it no longer than that.
  private static func take(_ descriptor: Int32) -> Bool {
    for _ in 0..<5 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      usleep(50_000)
    }
    return false
  }

  private func sign() {
    let holder = RunHolder(
      pid: ProcessInfo.processInfo.processIdentifier, host: ProcessInfo.processInfo.hostName, since: Date())
    guard let data = try? JSONEncoder().encode(holder) else { return }
    ftruncate(descriptor, 0)
    _ = data.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  private static func read(_ url: URL) -> RunHolder? {
    guard let data = FileManager.default.contents(atPath: url.path) else { return nil }
    return try? JSONDecoder().decode(RunHolder.self, from: data)
  }
}
