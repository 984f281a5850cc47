import Foundation
import Synchronization

/// When the next request may go out, for all workers together.
final class JudgePace: Sendable {
  /// Seconds between the starts of two requests.
  private let interval: Double
  private let earliest = Mutex(0.0)
  private let stopped = Atomic(false)

  /// - Parameter perMinute: requests a minute at most; nil is no limit.
  init(perMinute: Double?) { interval = perMinute.map { 60 / $0 } ?? 0 }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// Waits for a turn; false where work was stopped meanwhile.
  func turn() -> Bool {
    let start = earliest.withLock { next in
      let start = max(next, Self.now)
      next = start + interval
      return start
    }
    return wait(until: start)
  }

  /// Nobody asks before some seconds have passed.
  func pause(_ seconds: Double) { earliest.withLock { $0 = max($0, Self.now + seconds) } }

  /// Waits; false where work was stopped meanwhile.
  func sleep(_ seconds: Double) -> Bool { wait(until: Self.now + seconds) }

  func stop() { stopped.store(true, ordering: .relaxed) }

  private func wait(until end: Double) -> Bool {
    while !stopped.load(ordering: .relaxed) {
      let left = end - Self.now
      guard left > 0 else { return true }
      Thread.sleep(forTimeInterval: min(left, 0.1))
    }
    return false
  }
}
