/// Sentences about what a set of items does not balance.
public enum BalanceNotes {
  /// One sentence for each imbalance along `balance`: one value throughout, counts that differ by more than one, or a
  /// letter or user side that is constant within every question and so cannot be told from it. Empty when all is even.
  public static func sentences(
    about items: [Item], balance: Set<BalanceAxis> = Set(BalanceAxis.allCases)
  ) -> [String] {
    guard items.count > 1 else { return [] }
    var notes: [String] = []
    if balance.contains(.group) { notes += groups(items) }
    if balance.contains(.letter) { notes += letters(items) }
    if balance.contains(.source) { notes += uneven(counts(items.map(\.source)), of: items.count, kind: "source") }
    if balance.contains(.userSide) { notes += sides(items) }
    return notes
  }

  private static func groups(_ items: [Item]) -> [String] {
    let counts = counts(items.map(\.group.id))
    guard counts.count > 1 else { return ["all \(items.count) rows ask one question: \(items[0].group.text)"] }
    let sizes = counts.map(\.count)
    guard let least = sizes.min(), let most = sizes.max(), most - least > 1 else { return [] }
    return ["the \(counts.count) questions have from \(least) to \(most) rows each"]
  }

  private static func letters(_ items: [Item]) -> [String] {
    let lettered = items.compactMap { item in
      item.matchingIndex.map { (item: item, name: item.choices[$0].name) }
    }
    return about(lettered.map(\.item), values: lettered.map(\.name), kind: "letter")
  }

  private static func sides(_ items: [Item]) -> [String] {
    let known = items.filter { $0.userSide != nil }
    return about(known, values: known.map { $0.userSide ?? "" }, kind: "user side")
  }

  private static func about(_ items: [Item], values: [String], kind: String) -> [String] {
    let counts = counts(values)
    if counts.count == 1, items.count > 1 { return ["all \(items.count) rows have \(kind) \(counts[0].value)"] }
    return uneven(counts, of: items.count, kind: kind) + confounded(items, values: values, kind: kind)
  }

  /// Whether some question has several rows and every such question a single value.
  private static func confounded(_ items: [Item], values: [String], kind: String) -> [String] {
    let byGroup = Dictionary(grouping: zip(items, values), by: { $0.0.group.id }).values.filter { $0.count > 1 }
    let constant = byGroup.filter { rows in Set(rows.map(\.1)).count == 1 }
    guard !byGroup.isEmpty, constant.count == byGroup.count else { return [] }
    let every = byGroup.count == 1 ? "the one question" : "each of the \(byGroup.count) questions"
    return ["in \(every) with several rows all of them have the same \(kind), so it cannot be told from the question"]
  }

  private static func uneven(_ counts: [(value: String, count: Int)], of total: Int, kind: String) -> [String] {
    let sizes = counts.map(\.count)
    guard let least = sizes.min(), let most = sizes.max(), most - least > 1 else { return [] }
    let list = counts.map { "\($0.count) with \($0.value)" }.joined(separator: ", ")
    return ["of \(total) rows by \(kind) there are \(list)"]
  }

  /// How often each value occurs, in order of the values.
  private static func counts(_ values: [String]) -> [(value: String, count: Int)] {
    let counts = values.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { (value: $0.key, count: $0.value) }
  }
}
