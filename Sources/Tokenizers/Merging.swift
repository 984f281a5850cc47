import HeapModule

/// A token inside a word, with the range of the word's scalars that it covers.
struct Symbol: Sendable {
  var id: Int32
  var start: Int
  var end: Int
}

/// Merges neighbouring symbols, always the pair of the lowest rank and of these the leftmost, until none is left.
///
/// The symbols form a linked list and the possible merges a heap, so that a word of n symbols takes O(n log n).
func merge(_ symbols: [Symbol], by merges: [BytePairModel.Pair: BytePairModel.Merge]) -> [Symbol] {
  guard symbols.count > 1 else { return symbols }
  var word = MergingWord(symbols, merges)
  while let candidate = word.candidates.popMin() { word.apply(candidate) }
  return word.remaining
}

private struct Candidate: Comparable {
  let rank: Int32
  let id: Int32
  let position: Int

  static func < (left: Candidate, right: Candidate) -> Bool {
    (left.rank, left.position) < (right.rank, right.position)
  }
}

private struct MergingWord {
  private struct Node {
    var symbol: Symbol
    var previous: Int
    var next: Int
    var isMergedAway = false
  }

  private let merges: [BytePairModel.Pair: BytePairModel.Merge]
  private var nodes: [Node]
  var candidates: Heap<Candidate>

  init(_ symbols: [Symbol], _ merges: [BytePairModel.Pair: BytePairModel.Merge]) {
    self.merges = merges
    nodes = symbols.enumerated().map { Node(symbol: $1, previous: $0 - 1, next: $0 + 1) }
    candidates = Heap()
    candidates = Heap((0..<symbols.count - 1).compactMap { candidate(at: $0) })
  }

  /// The merge of the symbol at a position with the one after it.
  private func candidate(at position: Int) -> Candidate? {
    let next = nodes[position].next
    guard next < nodes.count,
      let merge = merges[BytePairModel.Pair(nodes[position].symbol.id, nodes[next].symbol.id)]
    else { return nil }
    return Candidate(rank: merge.rank, id: merge.id, position: position)
  }

  /// Carries out a merge, unless the symbols have changed since it was put on the heap.
  mutating func apply(_ candidate: Candidate) {
    let position = candidate.position
    guard !nodes[position].isMergedAway, self.candidate(at: position)?.id == candidate.id else { return }
    let next = nodes[position].next
    nodes[position].symbol.id = candidate.id
    nodes[position].symbol.end = nodes[next].symbol.end
    nodes[position].next = nodes[next].next
    nodes[next].isMergedAway = true
    if nodes[next].next < nodes.count { nodes[nodes[next].next].previous = position }
    let previous = nodes[position].previous
    if previous >= 0, let merge = self.candidate(at: previous) { candidates.insert(merge) }
    if let merge = self.candidate(at: position) { candidates.insert(merge) }
  }

  var remaining: [Symbol] {
    nodes.lazy.filter { !$0.isMergedAway }.map(\.symbol)
  }
}
