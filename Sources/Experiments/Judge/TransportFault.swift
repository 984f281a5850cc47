import Foundation
import Foundations
import Synchronization

/// Responses that the HTTP client of Swift's Foundation cannot bear on Linux: trailers after a chunked body, for which it has no
/// error, and compressed bodies, which it inflates whole before anybody can refuse them.
///
/// The process says what happened and ends with code 1. Replies that came before are stored.
enum TransportFault {
  nonisolated(unsafe) private static var address: UnsafeMutablePointer<CChar>?
  private static let isEnding = Atomic(false)
  /// Bytes that responses may take together: 64 of the largest, and what the client needs for them.
  private static let mostMemory = 512 << 20

  /// From here on a trap is explained as one of the client, and memory is watched; for a process that only judges.
  static func explain(_ endpoint: String) {
    #if os(Linux)
      _ = isEnding.load(ordering: .relaxed)  // made before a handler asks for it
      address = strdup(String(endpoint.prefix(200)))
      var action = sigaction()
      action.sa_flags = Int32(SA_ONSTACK)
      action.__sigaction_handler.sa_handler = { _ in
        TransportFault.end(
          " sent a response that the HTTP client of this system cannot read, such as one with trailers; ")
      }
      for signal in [SIGILL, SIGTRAP] { sigaction(signal, &action, nil) }
      watchMemory()
    #endif
  }

  /// Ends the process where responses take more memory than they may.
  private static func watchMemory() {
    guard let before = ProcessMemory.now.anonymous else { return }
    let thread = Thread {
      while true {
        Thread.sleep(forTimeInterval: 0.02)
        if let now = ProcessMemory.now.anonymous, now - before > mostMemory {
          end("'s responses take over 512 MiB of memory, such as compressed ones without end; ")
        }
      }
    }
    thread.start()
  }

  /// Called by a signal handler too: writes, without allocating, and ends.
  private static func end(_ what: StaticString) -> Never {
    guard !isEnding.exchange(true, ordering: .relaxed) else { while true { pause() } }
    say("telltale: the judge at ")
    if let address { _ = write(STDERR_FILENO, address, strlen(address)) }
    say(what)
    say("the replies before it are stored, and the same command continues from there\n")
    _exit(1)
  }

  private static func say(_ text: StaticString) { _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }
}
