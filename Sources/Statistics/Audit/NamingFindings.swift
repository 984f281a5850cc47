/// Names that differ only in what the eye does not see, and so make two questions of one.
func namingFindings(_ context: AuditRows) -> [Finding] {
  let columns = [("group", context.rows.groups), ("family", context.rows.families)]
  let categorical = context.covariates.compactMap { covariate -> (String, [String]?)? in
    guard case .categorical(let names) = covariate.values else { return nil }
    return (covariate.name, names)
  }
  return (columns + categorical).compactMap { name, values in values.flatMap { invisibleDifference(name, $0) } }
}

private func invisibleDifference(_ column: String, _ values: [String]) -> Finding? {
  var seen: [String: String] = [:]
  var pairs: [(String, String)] = []
  for value in Set(values).sorted() {
    let plain = visible(value)
    if let other = seen[plain] { pairs.append((other, value)) } else { seen[plain] = value }
  }
  guard let first = pairs.first else { return nil }
  return Finding(
    severity: .warning, name: "invisible differences: \(column)", number: Double(pairs.count),
    sentence:
      "\(counted(pairs.count, "value")) of \(column) \(pairs.count == 1 ? "differs" : "differ") from another only in "
      + "spaces, case, invisible characters or the writing of a number, such as \"\(first.0)\" and \"\(first.1)\"; they count as "
      + "different.")
}

/// Without space around or doubled, byte-order mark, zero-width characters and case; a whole number without its ".0".
private func visible(_ name: String) -> String {
  let hidden: Set<Unicode.Scalar> = ["\u{FEFF}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}"]
  let scalars = name.unicodeScalars.filter { !hidden.contains($0) }
  let words = String(String.UnicodeScalarView(scalars)).lowercased().split(whereSeparator: \.isWhitespace)
  let plain = words.joined(separator: " ")
  guard let number = Double(plain), number.isFinite else { return plain }
  return "\(number)"
}
