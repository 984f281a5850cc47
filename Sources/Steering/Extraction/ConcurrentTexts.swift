import Dispatch
import Synchronization
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
    let next = Atomic(0)
    let done = Mutex<[Int: Swift.Result<[Result], any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: Swift.min(Runtime.threadCount, starts.count)) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < starts.count else { return }
        let own = self[starts[index]..<Swift.min(count, starts[index] + piece)]
        let result = Swift.Result { try own.map(transform) }
        done.withLock { $0[index] = result }
      }
    }
    let pieces = done.withLock { $0 }
    return try starts.indices.flatMap { try pieces[$0]?.get() ?? [] }
  }
}
