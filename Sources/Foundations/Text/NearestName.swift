/// The name that differs in the fewest letters, where that is a plausible slip: a third of them, or all after the fourth.
package func nearest(_ given: String, among known: [String]) -> String? {
  let ranked = known.map { ($0, editDistance($0, given)) }.min { $0.1 < $1.1 }
  return ranked.flatMap { name, distance in
    distance <= max(2, given.count / 3) || name.commonPrefix(with: given).count >= 4 ? name : nil
  }
}

/// Letters to insert, delete or replace (Levenshtein 1966).
package func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a.prefix(200)), Array(b.prefix(200)))
  var row = Array(0...b.count)
  for i in a.indices {
    var previous = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = previous + (a[i] == b[j] ? 0 : 1)
      previous = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
