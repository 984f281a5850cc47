import Foundation
import Foundations
import Synchronization

/// Standard input, output and error: results must reach stdout or the command fails, what is only said on stderr may be
/// lost.
package enum StandardStreams {
  /// Files that a command may have to open besides those that are open.
  private static let neededFiles = 64

  /// More is not asked for: programs that are started go through all that could be open.
  private static let largestLimit: rlim_t = 1 << 14

  private struct Results {
    var waiting: [UInt8] = []
    /// Why results are lost; nothing is written after that.
    var failure: SystemReason?
  }

  private static let results = Mutex(Results())
  /// Results wait up to so many bytes.
  private static let largestWait = 1 << 16

  /// Called first: opens what a shell closed (`2>&-`), since the next file would otherwise get its number and all that is
  /// said would go into it.
  package static func open() {
    for (stream, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(stream, F_GETFD) == -1 {
      // stdout cannot be written to, so that lost results are noticed.
      _ = Foundation.open("/dev/null", mode)
    }
  }

  /// Lets the process open as many files as the system allows it, and refuses to begin where that is too few to end well.
  package static func raiseFileLimit() throws(TelltaleError) {
    var limit = rlimit()
    let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
    if getrlimit(resource, &limit) == 0, limit.rlim_cur < min(limit.rlim_max, largestLimit) {
      limit.rlim_cur = min(limit.rlim_max, largestLimit)
      setrlimit(resource, &limit)
    }
    var opened: [Int32] = []
    defer { for descriptor in opened { close(descriptor) } }
    while opened.count < neededFiles {
      let descriptor = Foundation.open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        let reason = SystemReason.last
        throw TelltaleError(
          .failed,
          "only \(opened.count) more files can be opened (\(reason)) and up to \(neededFiles) are needed; \(reason.remedy)"
        )
      }
      opened.append(descriptor)
    }
  }

  // MARK: Results

  /// Adds to the results; they are written when enough have come together, or at `flush`.
  static func write(result text: String) {
    results.withLock { results in
      guard results.failure == nil else { return }
      results.waiting += text.utf8
      if results.waiting.count >= largestWait || isatty(STDOUT_FILENO) == 1 { send(&results) }
    }
  }

  package static func flush() { results.withLock { send(&$0) } }

  private static func send(_ results: inout Results) {
    guard results.failure == nil else { return }
    results.failure = write(results.waiting, to: STDOUT_FILENO)
    results.waiting = []
  }

  /// Writes what waits, and throws where anything did not reach stdout.
  package static func finish() throws(TelltaleError) {
    let failure = results.withLock { results in
      send(&results)
      return results.failure
    }
    guard let failure else { return }
    let remedy =
      switch failure.number {
      case EPIPE: "who read them has ended; read them to their end, or write them to a file"
      case EBADF: "stdout is closed; send it to a file or a program"
      default: failure.isOfMachine ? failure.remedy : "send stdout elsewhere"
      }
    throw TelltaleError(.failed, "the results cannot be written to stdout (\(failure)); \(remedy)")
  }

  // MARK: Messages

  /// Messages that cannot be written are dropped: a full log is no reason to end a run.
  static func write(message text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

  /// Nil where all of it was written.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> SystemReason? {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count > 0 {
        done += count
      } else if count < 0, errno == EAGAIN {
        // Somebody else made the stream one that does not wait.
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&state, 1, 1_000)
      } else if count == 0 || errno != EINTR {
        return .last
      }
    }
    return nil
  }
}
