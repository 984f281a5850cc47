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
  let alike = GroupNames.alike(values)
  guard let first = alike.first else { return nil }
  let more = alike.count == 1 ? "" : " \(alike.count - 1) more like this."
  return Finding(
    severity: .warning, name: "invisible differences: \(column)", number: Double(alike.count),
    sentence: "Column \(column): \(first.sentence)\(more)")
}
