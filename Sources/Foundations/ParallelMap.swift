import Dispatch
import Synchronization

/// The same work on many things, several at a time.
package enum ParallelMap {
  /// `body` of every index below `count`, in order, on so many workers. Workers take one index after another, so that
  /// pieces of uneven length even out.
  ///
  /// Throws what the first index in order that failed threw; after a failure no further index is begun.
  package static func map<Result: Sendable>(
    _ count: Int, workers: Int, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let next = Atomic(0)
    let failed = Atomic(false)
    let done = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: max(0, min(workers, count))) { _ in
      while !failed.load(ordering: .relaxed) {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        let result = Swift.Result { try body(index) }
        if case .failure = result { failed.store(true, ordering: .relaxed) }
        done.withLock { $0[index] = result }
      }
    }
    return try done.withLock { $0 }.compactMap { try $0?.get() }
  }

  /// Runs two independent jobs at the same time.
  package static func both<First: Sendable, Second: Sendable>(
    _ first: @Sendable () throws -> First, _ second: @Sendable () throws -> Second
  ) throws -> (First, Second) {
    let halves = try map(2, workers: 2) { index -> (First?, Second?) in
      if index == 0 { return (try first(), nil) }
      return (nil, try second())
    }
    guard let one = halves.first?.0, let other = halves.last?.1 else {
      throw TelltaleError(.failed, "one of two jobs has no result")
    }
    return (one, other)
  }

  /// How many of `wanted` workers fit into `memory` bytes, one at least, when each holds about `bytes`.
  package static func workers(_ wanted: Int, bytes: Int, within memory: Int) -> Int {
    max(1, min(wanted, memory / max(bytes, 1)))
  }
}
