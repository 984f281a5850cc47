import Foundations
import LanguageModels
import Statistics
import Torch

/// Class means of a recording that is too long to be held: sums of each class and half, block by block, in float64.
struct StreamedClassMeans {
  private let recording: ChunkedRecording
  private let read: ReadPosition
  /// Rows of the recording, ascending, and by row whether it has the behaviour.
  private let rows: [Int]
  private let isPositive: [Bool]
  private let halves: Halves
  /// By row, its place in `halves.sides`.
  private let places: [Int]
  private let blockRows: Int
  private let winsorising: Winsorising?

  init(
    _ recording: ChunkedRecording, at read: ReadPosition, _ classes: RecordedClasses, blockRows: Int,
    winsorising: Winsorising? = nil
  ) {
    self.winsorising = winsorising
    (self.recording, self.read, self.halves, self.blockRows) = (recording, read, classes.halves, blockRows)
    let used = (classes.positives + classes.negatives).enumerated().sorted { $0.element < $1.element }
    rows = used.map(\.element)
    places = used.map(\.offset)
    isPositive = places.map { $0 < classes.positives.count }
  }

  /// All layers of the recording; refuses one at which the class means are alike.
  func layers() throws -> [RecordedLayer] {
    try recording.layers.map { layer in
      let own = try self.layer(layer)
      guard own.direction.contains(where: { $0 != 0 }) else {
        throw TelltaleError(.badInput, "the class means do not differ at layer \(layer); give more or other data")
      }
      return own
    }
  }

  private func layer(_ layer: Int) throws -> RecordedLayer {
    let sets = rowSets()
    var sums: Tensor?
    var norm = 0.0
    try eachBlock(layer) { range, block in
      let members = try Tensor(
        sets.flatMap { set in range.map { set[$0] ? 1.0 : 0 } }, shape: [sets.count, range.count])
      let part = try members.matmul(block)  // [sets, hidden]
      sums = try sums.map { try $0 + part } ?? part
      norm += try block.norm(-1).sum().scalar()
    }
    let counts = sets.map { set in Double(set.count { $0 }) }
    guard let sums else { throw TelltaleError(.failed, "a class mean of no rows was asked for") }
    let means = try sums / Tensor(counts, shape: [sets.count, 1])  // [sets, hidden]
    let total = try (sums[0] + sums[1]) / Double(rows.count)
    let defined = (0..<halves.splits).filter { split in counts[2 + 4 * split..<6 + 4 * split].allSatisfy { $0 > 0 } }
    let directions = try defined.map { split in
      try [0, 2].map { try means[2 + 4 * split + $0] - means[3 + 4 * split + $0] }
    }
    let cosines = try directions.map { try (($0[0] * $0[1]).sum() / ($0[0].norm() * $0[1].norm())).scalar() }
    return RecordedLayer(
      direction: try (means[0] - means[1]).doubles(), mean: try total.doubles(), norm: norm / Double(rows.count),
      reliability: Halves.reliability(cosines), heldOut: try heldOut(layer, defined, directions))
  }

  /// Both classes of all rows, then of each split those of the first half and those of the second.
  private func rowSets() -> [[Bool]] {
    var sets = [isPositive, isPositive.map { !$0 }]
    for split in 0..<halves.splits {
      for side in [1.0, -1] {
        let inHalf = places.map { halves.sides[$0][split] == side }
        sets.append(zip(inHalf, isPositive).map { $0 && $1 })
        sets.append(zip(inHalf, isPositive).map { $0 && !$1 })
      }
    }
    return sets
  }

  /// The AUROC of each half's rows along the other half's direction, averaged.
  private func heldOut(_ layer: Int, _ splits: [Int], _ directions: [[Tensor]]) throws -> Double? {
    guard !splits.isEmpty else { return nil }
    let stacked = try Tensor.stacked(directions.flatMap { $0 }).transposed(0, 1)  // [hidden, 2 x splits]
    // Room for all of them first: small tensors kept from every block would leave holes between the large ones.
    var scores = [[Double]](repeating: [Double](repeating: 0, count: rows.count), count: 2 * splits.count)
    try eachBlock(layer) { range, block in
      let own = try block.matmul(stacked).transposed(0, 1).doubles()  // [2 x splits, rows of the block]
      for direction in scores.indices {
        scores[direction].replaceSubrange(range, with: own[direction * range.count..<(direction + 1) * range.count])
      }
    }
    var areas: [Double] = []
    for (index, split) in splits.enumerated() {
      for (direction, otherSide) in [(0, -1.0), (1, 1.0)] {
        let own = scores[2 * index + direction]
        let held = rows.indices.filter { halves.sides[places[$0]][split] == otherSide }
        let area = Measures.auroc(scores: held.map { own[$0] }, labels: held.map { isPositive[$0] ? 1 : 0 })
        if let area { areas.append(area) }
      }
    }
    return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
  }

  /// Float64 [rows of the range, hidden].
  private func eachBlock(_ layer: Int, _ body: (Range<Int>, Tensor) throws -> Void) throws {
    for start in stride(from: 0, to: rows.count, by: blockRows) {
      let range = start..<min(rows.count, start + blockRows)
      let block = try recording.stream(read, layer: layer, rows: Array(rows[range]))
      let wide = try block.converted(to: .float64)
      try body(range, winsorising?(wide) ?? wide)
    }
  }
}
