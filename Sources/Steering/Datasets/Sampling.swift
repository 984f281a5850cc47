import Foundations
import LanguageModels

/// What a sample is balanced over.
public enum BalanceAxis: String, Sendable, CaseIterable, Codable {
  case group
  case letter
  case source
  case userSide = "user-side"
}

/// Items drawn from a data set, and what could not be balanced.
public struct Sample: Sendable {
  /// In the order drawn, so that the first k are a balanced sample too.
  public let items: [Item]
  /// One sentence for each thing that could not be balanced, such as "all 300 rows have letter (A)".
  public let notes: [String]
}

/// Training and test items that share no group.
public struct GroupSplit: Sendable {
  public let train: [Item]
  public let test: [Item]
}

/// Draws `take` items without replacement, balanced over `balance`; the same items for the same seed on every platform.
///
/// The algorithm draws in rounds. In each round every group that has items left gives one. The next draw of a round
/// goes to the kind of row (answer letter, user side, source file) drawn least so far, comparing the count of its
/// letter, then of its side, then of its source, then of the kind itself; and within the kind to a group that gave it
/// least. What is left open is decided by a shuffle of the items with SeededGenerator. Axes not in `balance` are left to
/// that shuffle.
///
/// - Throws: `badInput` when `take` is not positive or more than there are items.
public func sample(
  _ items: [Item], take: Int, seed: UInt64, balance: Set<BalanceAxis> = Set(BalanceAxis.allCases)
) throws(TelltaleError) -> Sample {
  guard take > 0, take <= items.count else {
    throw TelltaleError(.badInput, "\(take) rows were asked for and there are \(items.count); take 1 to \(items.count)")
  }
  var generator = SeededGenerator(seed: seed)
  var sampler = BalancedSampler(generator.shuffled(items), balance: balance)
  var drawn: [Item] = []
  while drawn.count < take { drawn += sampler.round(atMost: take - drawn.count) }
  return Sample(items: drawn, notes: BalanceNotes.sentences(about: drawn, balance: balance))
}

/// Splits items so that no group is on both sides; items keep their order. See `splitItems`.
public func splitByGroup(_ items: [Item], testFraction: Double, seed: UInt64) throws(TelltaleError) -> GroupSplit {
  try splitItems(items, by: .group, testFraction: testFraction, seed: seed)
}

/// Splits items so that no group (or, by another axis, no letter, file or user side) is on both sides; items keep their
/// order. Rows without the axis' value, such as a user side, count as one value.
///
/// Groups in seeded order go to the test side as long as that brings it nearer to `testFraction` of the rows; each side
/// gets at least one group.
///
/// - Throws: `badInput` when there are fewer than two groups, or the fraction is not between 0 and 1.
public func splitItems(
  _ items: [Item], by axis: BalanceAxis, testFraction: Double, seed: UInt64
) throws(TelltaleError) -> GroupSplit {
  guard testFraction > 0, testFraction < 1 else {
    throw TelltaleError(.badInput, "the test fraction is \(testFraction) and should be between 0 and 1")
  }
  let sizes = items.reduce(into: [String: Int]()) { $0[axis.value(of: $1), default: 0] += 1 }
  guard sizes.count > 1 else {
    let message =
      axis == .group
      ? "the items ask \(sizes.count) distinct question, and a split by question needs two or more"
      : "the items have \(sizes.count) \(axis.rawValue), and a split by it needs two or more"
    throw TelltaleError(.badInput, message)
  }
  var generator = SeededGenerator(seed: seed)
  let wanted = testFraction * Double(items.count)
  var test: Set<String> = []
  var rows = 0.0
  for group in generator.shuffled(sizes.keys.sorted()) where test.count < sizes.count - 1 {
    let size = Double(sizes[group, default: 0])
    guard test.isEmpty || abs(rows + size - wanted) < abs(rows - wanted) else { continue }
    test.insert(group)
    rows += size
  }
  return GroupSplit(
    train: items.filter { !test.contains(axis.value(of: $0)) }, test: items.filter { test.contains(axis.value(of: $0)) }
  )
}

extension BalanceAxis {
  /// An item's value on the axis; empty where it has none.
  fileprivate func value(of item: Item) -> String {
    switch self {
    case .group: item.group.id
    case .letter: item.matchingLetter ?? ""
    case .source: item.source
    case .userSide: item.userSide ?? ""
    }
  }
}

/// The state of a balanced draw: what is left, and what has been drawn.
private struct BalancedSampler {
  /// What rows can be balanced over besides their group; nil where the axis is not asked for.
  private struct Kind: Hashable {
    let letter: String?
    let side: String?
    let source: String?
  }

  /// The rows of one group and kind.
  private struct Cell: Hashable {
    let group: String
    let kind: Kind
  }

  private var left: [Cell: [Item]] = [:]
  private var drawn: [Cell: Int] = [:]
  private var drawnOfKind: [Kind: Int] = [:]
  private var drawnOfLetter: [String?: Int] = [:]
  private var drawnOfSide: [String?: Int] = [:]
  private var drawnOfSource: [String?: Int] = [:]
  /// All kinds and cells, in the order of the shuffled items.
  private var kinds: [Kind] = []
  private var cells: [Kind: [Cell]] = [:]

  init(_ shuffled: [Item], balance: Set<BalanceAxis>) {
    for item in shuffled {
      let kind = Kind(
        letter: balance.contains(.letter) ? item.matchingLetter : nil,
        side: balance.contains(.userSide) ? item.userSide : nil,
        source: balance.contains(.source) ? item.source : nil)
      let cell = Cell(group: balance.contains(.group) ? item.group.id : item.id, kind: kind)
      if cells[kind] == nil { kinds.append(kind) }
      if left[cell] == nil { cells[kind, default: []].append(cell) }
      left[cell, default: []].append(item)
    }
  }

  /// At most `limit` items, no two of one group.
  mutating func round(atMost limit: Int) -> [Item] {
    var queues = cells.mapValues { cells in queue(cells) }
    var groups: Set<String> = []
    var items: [Item] = []
    while items.count < limit {
      for kind in kinds {
        while let cell = queues[kind]?.last, groups.contains(cell.group) { queues[kind]?.removeLast() }
      }
      guard let kind = kinds.filter({ queues[$0]?.isEmpty == false }).min(by: isDrawnLess),
        let cell = queues[kind]?.popLast(), let item = take(from: cell)
      else { break }
      groups.insert(cell.group)
      items.append(item)
    }
    return items
  }

  /// The cells that have items, those drawn least last, otherwise in reverse order of the shuffle.
  private func queue(_ cells: [Cell]) -> [Cell] {
    let ranked = cells.enumerated().filter { left[$0.element]?.isEmpty == false }.map {
      (drawn: drawn[$0.element, default: 0], place: $0.offset, cell: $0.element)
    }
    return ranked.sorted { ($0.drawn, $0.place) > ($1.drawn, $1.place) }.map(\.cell)
  }

  private func isDrawnLess(_ a: Kind, _ b: Kind) -> Bool { counts(a).lexicographicallyPrecedes(counts(b)) }

  private func counts(_ kind: Kind) -> [Int] {
    [
      drawnOfLetter[kind.letter, default: 0], drawnOfSide[kind.side, default: 0],
      drawnOfSource[kind.source, default: 0], drawnOfKind[kind, default: 0],
    ]
  }

  private mutating func take(from cell: Cell) -> Item? {
    guard let item = left[cell]?.popLast() else { return nil }
    drawn[cell, default: 0] += 1
    drawnOfKind[cell.kind, default: 0] += 1
    drawnOfLetter[cell.kind.letter, default: 0] += 1
    drawnOfSide[cell.kind.side, default: 0] += 1
    drawnOfSource[cell.kind.source, default: 0] += 1
    return item
  }
}
