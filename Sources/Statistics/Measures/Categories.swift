/// A categorical variable (group, letter, ...) as numbers: the distinct names in order of appearance, and the index of
/// each row's name. The order never depends on hashing, so neither do sums or random draws.
struct Categories: Sendable, Equatable {
  let names: [String]
  let indexOfRow: [Int]

  init(_ values: [String]) {
    var seen: [String: Int] = [:]
    var names: [String] = []
    indexOfRow = values.map { value in
      if let index = seen[value] { return index }
      seen[value] = names.count
      names.append(value)
      return names.count - 1
    }
    self.names = names
  }

  var count: Int { names.count }

  /// The rows of each category.
  func rows() -> [[Int]] {
    var result = [[Int]](repeating: [], count: count)
    for (row, index) in indexOfRow.enumerated() { result[index].append(row) }
    return result
  }

  /// Rows and positives of each category.
  func counts(_ labels: [Int]) -> [(rows: Int, positives: Int)] {
    var result = [(rows: Int, positives: Int)](repeating: (0, 0), count: count)
    for (row, index) in indexOfRow.enumerated() {
      result[index].rows += 1
      result[index].positives += labels[row] == 1 ? 1 : 0
    }
    return result
  }
}
