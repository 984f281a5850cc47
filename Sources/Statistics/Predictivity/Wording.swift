/// "1 row", "3 rows".
func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// "98.6 %". What is not quite all or nothing is never rounded to it.
package func percent(_ share: Double) -> String {
  let rounded = (share * 1000).rounded() / 10
  if share < 1, rounded == 100 { return "over 99.9 %" }
  if share > 0, rounded == 0 { return "under 0.1 %" }
  return "\(rounded) %"
}

/// The number with a fixed number of decimals, "0.940".
package func fixed(_ value: Double, _ decimals: Int = 3) -> String {
  let scale = (0..<decimals).reduce(1) { product, _ in product * 10 }
  guard abs(value) < 1e9, let whole = Int(exactly: (abs(value) * Double(scale)).rounded()) else { return "\(value)" }
  let fraction = String(whole % scale)
  let padded = String(repeating: "0", count: max(0, decimals - fraction.count)) + fraction
  let sign = value < 0 && whole > 0 ? "-" : ""
  return decimals == 0 ? "\(sign)\(whole)" : "\(sign)\(whole / scale).\(padded)"
}

/// A p-value as people write it: "0.034", "3.6e-131".
package func scientific(_ p: Double) -> String {
  if p >= 0.001 || p == 0 || !p.isFinite { return fixed(p) }
  var exponent = 0
  var mantissa = p
  while mantissa < 0.995, exponent > -400 {
    mantissa *= 10
    exponent -= 1
  }
  return "\((mantissa * 10).rounded() / 10)e\(exponent)"
}

/// `p = 3.1e-5`; `p < 1e-300` where it underflows, because a p-value is never 0.
package func writtenP(_ p: Double) -> String { p < 1e-300 ? "p < 1e-300" : "p = \(scientific(p))" }
