/// Python's `int(text, base)` and `float(text)`.
enum NumberParsing {
  /// Nil where Python raises a ValueError.
  static func integer(_ text: PythonString, base: Int) throws -> Int? {
    guard var digits = plainDigits(text) else { return nil }
    let isNegative = digits.hasPrefix("-")
    if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
    guard let (radix, rest) = radix(of: digits.lowercased(), base), rest.first != "+", rest.first != "-" else {
      return nil
    }
    guard !rest.isEmpty, rest.allSatisfy({ Int(String($0), radix: radix) != nil }) else { return nil }
    guard let value = Int((isNegative ? "-" : "") + rest, radix: radix) else {
      throw JinjaError(.limit, "the integer \(digits) does not fit into 64 bits")
    }
    return value
  }

  /// The base, and the digits after its mark such as `0x`.
  private static func radix(of digits: String, _ base: Int) -> (Int, String)? {
    let marks = ["0x": 16, "0o": 8, "0b": 2]
    if let marked = marks[String(digits.prefix(2))], base == 0 || base == marked {
      return (marked, String(digits.dropFirst(2)))
    }
    if base == 0 {
      let isZeroLed = digits.hasPrefix("0") && digits.contains { $0 != "0" }
      return isZeroLed ? nil : (10, digits)
    }
    return (2...36).contains(base) ? (base, digits) : nil
  }

  /// Nil where Python raises a ValueError.
  static func float(_ text: PythonString) -> Double? {
    guard let digits = plainDigits(text)?.lowercased() else { return nil }
    switch digits.drop(while: { $0 == "+" || $0 == "-" }) {
    case "inf", "infinity": return digits.hasPrefix("-") ? -.infinity : .infinity
    case "nan": return .nan
    default: break
    }
    let allowed = "0123456789.e+-"
    guard digits.allSatisfy(allowed.contains), digits.contains(where: \.isNumber) else { return nil }
    guard digits.last != "e", digits.last != "+", digits.last != "-" else { return nil }
    let isPointLed = digits.drop { $0 == "+" || $0 == "-" }.first == "."
    let padded = isPointLed ? digits.replacing(".", with: "0.", maxReplacements: 1) : digits
    return Double(padded.replacing(".e", with: ".0e")) ?? Double(padded + "0")
  }

  /// Without white space around and single underscores between digits; nil for other underscores.
  private static func plainDigits(_ text: PythonString) -> String? {
    let stripped = text.stripped().scalars
    for (index, scalar) in stripped.enumerated() where scalar == "_" {
      guard index > 0, index + 1 < stripped.count, stripped[index - 1] != "_", stripped[index + 1] != "_" else {
        return nil
      }
    }
    let plain = stripped.filter { $0 != "_" }
    return plain.allSatisfy(\.isASCII) ? PythonString(plain).string : nil
  }
}
