import Dispatch
import Torch

/// AUROCs of many scores of the same rows at once: what a thousand null directions need.
enum ColumnAreas {
  /// - Parameters:
  ///   - scores: float32 [draws, rows].
  ///   - labels: 1 or 0 per row, both present.
  /// - Returns: one area per draw, ties counting one half; NaN where a score is.
  static func aurocs(_ scores: Tensor, labels: [Int]) throws -> [Double] {
    let draws = scores.size(0)
    precondition(scores.size(1) == labels.count, "one score per row")
    let values = try scores.floats()
    let positives = labels.count { $0 == 1 }
    let pieces = min(draws, 64)
    let areas = UnsafeMutableBufferPointer<Double>.allocate(capacity: draws)
    defer { areas.deallocate() }
    // Each piece writes its own part of `areas` and nothing else.
    nonisolated(unsafe) let output = areas
    DispatchQueue.concurrentPerform(iterations: pieces) { piece in
      var column = SortedColumn(labels, positives: positives)
      for draw in (piece * draws / pieces)..<((piece + 1) * draws / pieces) {
        output[draw] = column.area(values[draw * labels.count..<(draw + 1) * labels.count])
      }
    }
    return Array(areas)
  }
}

/// Room to sort one column of scores in, used over and over.
private struct SortedColumn {
  private let labels: [UInt64]
  private let positives: Int
  private var keys: [UInt64]
  private var spare: [UInt64]

  init(_ labels: [Int], positives: Int) {
    self.labels = labels.map { $0 == 1 ? 1 : 0 }
    self.positives = positives
    keys = self.labels
    spare = keys
  }

  /// The Mann-Whitney count over the scores in order.
  mutating func area(_ scores: ArraySlice<Float>) -> Double {
    for (row, score) in scores.enumerated() {
      if score.isNaN { return .nan }
      keys[row] = Self.order(score) << 1 | labels[row]
    }
    sort()
    // Counts in halves: a negative below counts 2, one in the same block of ties 1.
    var (seen, total, start) = (0, 0, 0)
    while start < keys.count {
      var (end, blockPositives) = (start, 0)
      while end < keys.count, keys[end] >> 1 == keys[start] >> 1 {
        blockPositives += Int(keys[end] & 1)
        end += 1
      }
      let blockNegatives = end - start - blockPositives
      total += blockPositives * (2 * seen + blockNegatives)
      seen += blockNegatives
      start = end
    }
    return Double(total) / 2 / (Double(positives) * Double(labels.count - positives))
  }

  /// A number that orders as the float does; -0 and 0 are one.
  private static func order(_ score: Float) -> UInt64 {
    let bits = (score == 0 ? Float(0) : score).bitPattern
    return UInt64(bits >> 31 == 1 ? ~bits : bits | 0x8000_0000)
  }

  /// Radix sort by the 33 bits in use, 11 at a time: several times quicker than comparing.
  private mutating func sort() {
    for shift in [0, 11, 22] {
      var starts = [Int](repeating: 0, count: 2049)
      for key in keys { starts[(Int(key >> UInt64(shift)) & 2047) + 1] += 1 }
      for digit in 1..<2049 { starts[digit] += starts[digit - 1] }
      for key in keys {
        let digit = Int(key >> UInt64(shift)) & 2047
        spare[starts[digit]] = key
        starts[digit] += 1
      }
      swap(&keys, &spare)
    }
  }
}
