/// Token sequences of different lengths, packed one after another without padding, with shared prefixes stored once.
///
/// A batch is a forest of segments: a root segment begins at position 0, a child segment continues its parent. A
/// sequence is the chain from a root to its last segment. Roots come first, and the children of one parent lie side by
/// side, so that attention can treat them together.
public struct PackedBatch: Sendable {
  public struct Segment: Sendable, Equatable {
    /// Where the segment's tokens lie in the pack.
    public var range: Range<Int>
    public var parent: Int?
    /// The position of its first token in the sequence.
    public var start: Int
  }

  /// Token ids in pack order.
  public private(set) var tokens: [Int] = []
  /// The position of each token in its sequence.
  public private(set) var positions: [Int] = []
  public private(set) var segments: [Segment] = []
  /// The last segment of each sequence, in the order the sequences were given.
  public private(set) var leaves: [Int] = []

  /// Packs sequences that share nothing.
  public init(_ sequences: [[Int]]) {
    for sequence in sequences { leaves.append(append(sequence[...], parent: nil)) }
  }

  /// Packs families of sequences: the longest common prefix of a family (the two halves of a contrast pair, say) is
  /// stored once. `header` is how many tokens at the beginning all sequences share and are stored once as well.
  public init(families: [[[Int]]], header: Int = 0) {
    let root = header > 0 ? families.first?.first.map { append($0[..<header], parent: nil) } : nil
    let prefixes = families.map { $0.count > 1 ? Self.commonPrefix($0) : ($0.first?.count ?? 0) }
    var parents: [Int?] = []
    for (family, prefix) in zip(families, prefixes) {
      let shared = family.first?[min(header, prefix)..<prefix] ?? []
      parents.append(shared.isEmpty ? root : append(shared, parent: root))
    }
    for (family, (prefix, parent)) in zip(families, zip(prefixes, parents)) {
      for sequence in family {
        let rest = sequence[max(prefix, header)...]
        leaves.append(rest.isEmpty && parent != nil ? parent! : append(rest, parent: parent))
      }
    }
  }

  /// Packs families whose sequences each continue their own given prefix, even where they have more in common: tokens
  /// that are to be computed differently for each.
  package init(branches families: [(prefix: [Int], tails: [[Int]])]) {
    let roots = families.map { append($0.prefix[...], parent: nil) }
    for (family, root) in zip(families, roots) {
      for tail in family.tails { leaves.append(append(tail[...], parent: root)) }
    }
  }

  private mutating func append(_ part: ArraySlice<Int>, parent: Int?) -> Int {
    let start = parent.map { segments[$0].start + segments[$0].range.count } ?? 0
    let first = tokens.count
    tokens += part
    positions += start..<start + part.count
    segments.append(Segment(range: first..<tokens.count, parent: parent, start: start))
    return segments.count - 1
  }

  /// The number of tokens that all sequences begin with.
  public static func commonPrefix(_ sequences: [[Int]]) -> Int {
    guard let first = sequences.first else { return 0 }
    var length = first.count
    for sequence in sequences.dropFirst() {
      length = min(length, sequence.count)
      if let difference = (0..<length).first(where: { first[$0] != sequence[$0] }) { length = difference }
    }
    return length
  }

  /// The segments of a sequence from its root to its end.
  public func chain(of sequence: Int) -> [Int] { chain(endingAt: leaves[sequence]) }

  func chain(endingAt segment: Int) -> [Int] {
    var chain = [segment]
    while let parent = segments[chain[chain.count - 1]].parent { chain.append(parent) }
    return chain.reversed()
  }

  public func length(of sequence: Int) -> Int {
    let leaf = segments[leaves[sequence]]
    return leaf.start + leaf.range.count
  }

  /// Where the token at `position` of a sequence lies in the pack.
  public func index(of sequence: Int, position: Int) -> Int {
    var segment = segments[leaves[sequence]]
    precondition(position >= 0 && position < segment.start + segment.range.count, "position outside of the sequence")
    while position < segment.start, let parent = segment.parent { segment = segments[parent] }
    return segment.range.lowerBound + position - segment.start
  }

  /// By token, whether several sequences contain it.
  var sharedTokens: [Bool] {
    var sequences = [Int](repeating: 0, count: segments.count)
    for sequence in leaves.indices { for segment in chain(of: sequence) { sequences[segment] += 1 } }
    var result = [Bool](repeating: false, count: tokens.count)
    for (segment, count) in zip(segments, sequences) where count > 1 { for i in segment.range { result[i] = true } }
    return result
  }

  /// Whether a token belongs to a sequence of up to `length` tokens and to a longer one.
  func sharesAcross(length: Int) -> Bool {
    var short = [Bool](repeating: false, count: segments.count)
    var long = short
    for sequence in leaves.indices {
      for segment in chain(of: sequence) where !segments[segment].range.isEmpty {
        if self.length(of: sequence) > length { long[segment] = true } else { short[segment] = true }
      }
    }
    return zip(short, long).contains { $0 && $1 }
  }

  /// The length of the longest sequence that each token belongs to.
  var sequenceLengths: [Int] {
    var ends = segments.map { $0.start + $0.range.count }
    for index in segments.indices.reversed() {
      if let parent = segments[index].parent { ends[parent] = max(ends[parent], ends[index]) }
    }
    var result = [Int](repeating: 0, count: tokens.count)
    for (segment, end) in zip(segments, ends) { for i in segment.range { result[i] = end } }
    return result
  }
}
