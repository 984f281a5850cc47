import Dispatch
import Synchronization
import Torch

/// Works on several layers at once, each with its share of the threads.
///
/// An audit is many middling matrix operations per layer; whole layers side by side use the cores better than every
/// operation split over all of them.
enum LayerPool {
  /// The memory that layers in work may take together.
  private static let budget = 1 << 30

  /// `body` of every index, in order. The first error ends the rest.
  ///
  /// - Parameter bytes: about what one call holds in memory.
  static func map<Result: Sendable>(
    _ count: Int, bytes: Int, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let threads = Runtime.threadCount
    let workers = max(1, min(count, threads, budget / max(bytes, 1)))
    return try run(count, workers) { index in
      try Runtime.withThreadCount(max(1, threads / workers)) { try body(index) }
    }
  }

  private static func run<Result: Sendable>(
    _ count: Int, _ workers: Int, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let state = Mutex(State<Result>(results: Array(repeating: nil, count: count)))
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let index = state.withLock({ $0.take() }) {
        do {
          let result = try body(index)
          state.withLock { $0.results[index] = result }
        } catch {
          state.withLock { $0.error = $0.error ?? error }
        }
      }
    }
    let end = state.withLock { $0 }
    if let error = end.error { throw error }
    return end.results.compactMap { $0 }
  }

  private struct State<Result: Sendable>: Sendable {
    var results: [Result?]
    var error: (any Error)?
    private var next = 0

    init(results: [Result?]) { self.results = results }

    mutating func take() -> Int? {
      guard error == nil, next < results.count else { return nil }
      defer { next += 1 }
      return next
    }
  }
}
