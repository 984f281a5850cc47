import Dispatch

/// Waits on this thread for work that suspends.
enum BlockingWait {
  static func run(_ body: @escaping @Sendable () async throws -> Void) throws {
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome()
    Task.detached {
      do { try await body() } catch { outcome.error = error }
      done.signal()
    }
    done.wait()
    if let error = outcome.error { throw error }
  }

  /// Written before the semaphore is signalled, read after.
  private final class Outcome: @unchecked Sendable { var error: (any Error)? }
}
