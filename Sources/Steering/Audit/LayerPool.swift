import Foundations
import Torch

/// Works on several layers at once, each with its share of the threads.
///
/// An audit is many middling matrix operations per layer; whole layers side by side use the cores better than every
/// operation split over all of them.
enum LayerPool {
  /// The memory that layers in work may take together, in bytes.
  private static let budget = 1 << 30

  /// `body` of every index, in order. The first error ends the rest.
  ///
  /// - Parameter bytes: about what one call holds in memory.
  static func map<Result: Sendable>(
    _ count: Int, bytes: Int, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let threads = Runtime.threadCount
    let workers = workers(count, bytes: bytes)
    return try ParallelMap.map(count, workers: workers) { index in
      try Runtime.withThreadCount(max(1, threads / workers)) { try body(index) }
    }
  }

  /// How many of `count` layers are worked on at once.
  static func workers(_ count: Int, bytes: Int) -> Int {
    ParallelMap.workers(min(count, Runtime.threadCount), bytes: bytes, within: budget)
  }
}
