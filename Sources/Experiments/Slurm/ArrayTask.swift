import Foundations

/// One task of a job array: number `index` of `count`, counted from 0 and written `2/4`.
package struct ArrayTask: Sendable, Equatable, LosslessStringConvertible {
  /// More tasks than any scheduler takes.
  package static let largestCount = 100_000

  package let index: Int
  package let count: Int

  /// nil unless 0 <= index < count <= `largestCount`.
  package init?(index: Int, count: Int) {
    guard (1...Self.largestCount).contains(count), (0..<count).contains(index) else { return nil }
    (self.index, self.count) = (index, count)
  }

  package init?(_ description: String) {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
    self.init(index: index, count: count)
  }

  package var description: String { "\(index)/\(count)" }

  /// The positions in a list of work that are this task's: neighbours, so that a task loads few models, and shares of
  /// about equal weight. Every position belongs to exactly one task.
  ///
  /// - Parameter weights: at least 1 each; a piece goes where its middle falls in the sum of all.
  func share(of weights: [Int]) -> [Int] {
    let total = weights.reduce(0, +)
    var before = 0
    return weights.indices.filter { position in
      defer { before += weights[position] }
      let middle = Double(before) + Double(weights[position]) / 2
      return min(count - 1, Int(saturating: middle / Double(total) * Double(count))) == index
    }
  }
}
