/// Values multiplied by the power of two that brings the largest magnitude into 1..<2, so that squares neither overflow nor
/// vanish. Exact, apart from values 2^1022 times smaller than the largest, which count as 0 then. Values must be finite.
func scaledToOne(_ values: [Double]) -> [Double] {
  guard let largest = values.map(\.magnitude).max(), largest > 0 else { return values }
  let exponent = largest.exponent
  if exponent == 0 { return values }
  return values.map { scaledByPowerOfTwo($0, -exponent) }
}

/// value * 2^power, for |power| up to 2,000.
private func scaledByPowerOfTwo(_ value: Double, _ power: Int) -> Double {
  // Two steps: 2^1074, which brings up the smallest number, is itself not a Double.
  let half = power / 2
  return value * Double(sign: .plus, exponent: half, significand: 1)
    * Double(sign: .plus, exponent: power - half, significand: 1)
}
