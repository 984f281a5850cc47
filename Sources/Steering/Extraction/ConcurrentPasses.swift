import Dispatch
import Synchronization
import Torch

/// Work in pieces, several at a time, whose results are taken in order.
enum ConcurrentPasses {
  /// Pieces that each thread does before results are taken: enough to even out that some take longer.
  private static let piecesAThread = 4

  /// Computes `count` pieces on so many threads, each with one thread for its operations, and hands the results to `then`
  /// on the calling thread, in order. With one thread, or one piece, the operations keep all of theirs.
  ///
  /// Throws what the first piece in order that failed threw, after those before it were handed on.
  static func run<Piece: Sendable>(
    _ count: Int, on threads: Int, _ piece: @Sendable (Int) throws -> Piece, then: (Int, Piece) throws -> Void
  ) throws {
    guard threads > 1, count > 1 else {
      for index in 0..<count { try then(index, try piece(index)) }
      return
    }
    for start in stride(from: 0, to: count, by: threads * piecesAThread) {
      let wave = start..<min(count, start + threads * piecesAThread)
      for (index, result) in zip(wave, together(wave, on: threads, piece)) { try then(index, try result.get()) }
    }
  }

  private static func together<Piece: Sendable>(
    _ wave: Range<Int>, on threads: Int, _ piece: @Sendable (Int) throws -> Piece
  ) -> [Result<Piece, any Error>] {
    let next = Atomic(wave.lowerBound)
    let results = Mutex<[Int: Result<Piece, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: min(threads, wave.count)) { _ in
      Runtime.withThreadCount(1) {
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < wave.upperBound else { return }
          let result = Result { try piece(index) }
          results.withLock { $0[index] = result }
        }
      }
    }
    let done = results.withLock { $0 }
    return wave.compactMap { done[$0] }
  }
}
