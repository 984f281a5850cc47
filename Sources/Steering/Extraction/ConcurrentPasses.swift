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

extension [Int] {
  /// Consecutive pieces whose cost fits the budget; a number that alone exceeds it goes alone.
  func pieces(within budget: Int, cost: (Int) -> Int) -> [[Int]] {
    var pieces: [[Int]] = []
    var total = 0
    for index in self {
      let own = cost(index)
      if pieces.isEmpty || total + own > budget {
        pieces.append([])
        total = 0
      }
      pieces[pieces.count - 1].append(index)
      total += own
    }
    return pieces
  }
}

extension [[Int]] {
  /// The numbers of token sequences, the short ones first, in pieces of at most so many tokens.
  func piecesByLength(within budget: Int) -> [[Int]] {
    indices.sorted { (self[$0].count, $0) < (self[$1].count, $1) }.pieces(within: budget) { self[$0].count }
  }
}
