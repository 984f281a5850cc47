import Foundation

/// Numbers as Python prints and rounds them.
enum NumberFormat {
  static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// `repr` of a float: the shortest digits that read back as the same number.
  static func representation(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let (digits, exponent) = shortestDigits(value.magnitude)
    return (value.sign == .minus ? "-" : "") + written(digits, exponent)
  }

  /// The significant digits, and the power of ten of the first.
  private static func shortestDigits(_ value: Double) -> (digits: [Character], exponent: Int) {
    if value == 0 { return (["0"], 0) }
    let parts = value.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].count - 1
    var digits = Array(mantissa[0] + (mantissa.count > 1 ? mantissa[1] : ""))
    while digits.count > 1, digits[0] == "0" {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    return (digits, exponent)
  }

  private static func written(_ digits: [Character], _ exponent: Int) -> String {
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + String(digits[1...]) : ""
      let size = String(abs(exponent))
      return "\(digits[0])\(fraction)e\(exponent < 0 ? "-" : "+")\(size.count < 2 ? "0" : "")\(size)"
    }
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + String(digits) }
    if digits.count <= exponent + 1 {
      return String(digits) + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return String(digits[...exponent]) + "." + String(digits[(exponent + 1)...])
  }

  /// C's `printf` of a float.
  ///
  /// - Parameter conversion: one of `e`, `E`, `f`, `F`, `g` and `G`.
  static func printed(_ value: Double, _ conversion: Character, precision: Int, alternate: Bool = false) -> String {
    guard value.isFinite else {
      let text = value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
      return conversion.isUppercase ? text.uppercased() : text
    }
    return String(format: "%\(alternate ? "#" : "").\(precision)\(conversion)", value)
  }

  /// Python's `round`: halves of the exact value go to the even neighbour.
  static func rounded(_ value: Double, digits: Int) -> Double {
    guard value.isFinite, digits < 320 else { return value }
    if digits >= 0 { return Double(printed(value, "f", precision: digits)) ?? value }
    guard digits > -310 else { return 0 * value }
    let unit = FloatMath.power(10, Double(-digits))
    return (value / unit).rounded(.toNearestOrEven) * unit
  }
}

/// Python's arithmetic of floats, where it is not C's.
enum FloatMath {
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// The remainder with the sign of the divisor.
  static func modulo(_ a: Double, _ b: Double) -> Double {
    let remainder = a.truncatingRemainder(dividingBy: b)
    if remainder == 0 { return b < 0 ? -0.0 : 0.0 }
    return (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  static func floorDivide(_ a: Double, _ b: Double) -> Double {
    var remainder = a.truncatingRemainder(dividingBy: b)
    var quotient = (a - remainder) / b
    if remainder != 0, (b < 0) != (remainder < 0) {
      remainder += b
      quotient -= 1
    }
    guard quotient != 0 else { return a / b < 0 ? -0.0 : 0.0 }
    let floor = quotient.rounded(.down)
    return quotient - floor > 0.5 ? floor + 1 : floor
  }
}
