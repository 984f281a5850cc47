import Foundations
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
      let results = try ParallelMap.map(wave.count, workers: threads) { offset in
        Runtime.withThreadCount(1) { Result { try piece(start + offset) } }
      }
      for (index, result) in zip(wave, results) { try then(index, try result.get()) }
    }
  }
}
