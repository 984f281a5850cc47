import Dispatch
import Synchronization

/// Stores labels that come from many at once: those that arrive while the disk is busy are written and flushed together,
/// and each caller is told only once its own are on the disk.
final class LabelWriter: Sendable {
  private struct Waiting {
    var labels: [HandLabel]
    var told: CheckedContinuation<Void, any Error>
  }

  private let waiting = Mutex<[Waiting]>([])
  private let queue = DispatchQueue(label: "telltale.labels")
  private let commit: @Sendable ([HandLabel]) throws -> Void

  /// - Parameter commit: puts labels on the disk; called by one thread at a time.
  init(_ commit: @escaping @Sendable ([HandLabel]) throws -> Void) { self.commit = commit }

  func save(_ labels: [HandLabel]) async throws {
    try await withCheckedThrowingContinuation { told in
      let isFirst = waiting.withLock {
        $0.append(Waiting(labels: labels, told: told))
        return $0.count == 1
      }
      if isFirst { queue.async { self.flush() } }
    }
  }

  private func flush() {
    let batch = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    let outcome = Result { try commit(batch.flatMap(\.labels)) }
    for caller in batch { caller.told.resume(with: outcome) }
  }
}
