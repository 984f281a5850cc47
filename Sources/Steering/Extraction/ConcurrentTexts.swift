import Foundations
import Torch

extension Array where Element: Sendable {
  /// `transform` of every element in order, on as many threads as operations may take: thousands of texts become tokens
  /// while nothing else can be computed yet.
  ///
  /// Throws what the first element in order that failed threw.
  package func mapConcurrently<Result: Sendable>(
    _ transform: @Sendable (Element) throws -> Result
  ) throws -> [Result] {
    let piece = 32  // texts, some milliseconds of work
    let starts = [Int](stride(from: 0, to: count, by: piece))
    return try ParallelMap.map(starts.count, workers: Runtime.threadCount) { index in
      try self[starts[index]..<Swift.min(count, starts[index] + piece)].map(transform)
    }.flatMap { $0 }
  }
}
