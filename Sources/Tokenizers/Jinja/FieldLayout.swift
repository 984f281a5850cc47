/// How a formatted value is laid out: width, sign, padding and precision.
struct FieldLayout {
  enum Alignment {
    case left, right, center, afterSign
  }

  var alignment: Alignment?
  var fill: Unicode.Scalar = " "
  /// `+` or a space in front of numbers that are not negative.
  var sign: Unicode.Scalar?
  var isAlternate = false
  var width = 0
  var precision: Int?
  /// What stands between groups of three digits.
  var grouping: Unicode.Scalar?

  /// Takes a flag of the operator `%`.
  mutating func set(flag: Unicode.Scalar) {
    switch flag {
    case "-": alignment = .left
    case "0": if alignment != .left { (alignment, fill) = (.afterSign, "0") }
    case "#": isAlternate = true
    case "+": sign = "+"
    default: if sign == nil { sign = " " }
    }
  }

  /// Digits as a number, nil where there are none.
  static func number(_ rest: inout ArraySlice<Unicode.Scalar>) throws -> Int? {
    var value: Int?
    while let digit = rest.first, digit.isASCIIDigit {
      value = (value ?? 0) * 10 + Int(digit.value - 48)
      guard value ?? 0 <= 1_000_000 else { throw JinjaError(.limit, "a width or precision beyond 1000000") }
      rest.removeFirst()
    }
    return value
  }

  func laidOut(text: PythonString, _ budget: Budget) throws -> PythonString {
    let shown = precision.map { text[0..<min($0, text.count)] } ?? text
    var layout = self
    if alignment == .afterSign { (layout.alignment, layout.fill) = (.right, " ") }
    return try layout.padded("", shown, text: true, budget)
  }

  func laidOut(integer: Int, kind: Character = "d", _ budget: Budget) throws -> PythonString {
    let radix = ["x": 16, "X": 16, "o": 8, "b": 2][kind] ?? 10
    var digits = String(integer.magnitude, radix: radix, uppercase: kind == "X")
    if let precision { digits = String(repeating: "0", count: max(0, precision - digits.count)) + digits }
    let mark = isAlternate && radix != 10 ? "0\(kind)" : ""
    return try padded(signText(integer < 0) + mark, PythonString(grouped(digits)), budget)
  }

  func laidOut(float: Double, kind: Character, _ budget: Budget) throws -> PythonString {
    let text = NumberFormat.printed(float.magnitude, kind, precision: min(precision ?? 6, 1000), alternate: isAlternate)
    return try padded(signText(float.sign == .minus && !float.isNaN), PythonString(grouped(text)), budget)
  }

  func signText(_ isNegative: Bool) -> String { isNegative ? "-" : sign.map { String($0) } ?? "" }

  /// The digits before the point in groups.
  func grouped(_ digits: String) -> String {
    guard let grouping else { return digits }
    let whole = Array(digits.prefix { $0.isHexDigit })
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { result.unicodeScalars.append(grouping) }
      result.append(digit)
    }
    return result + digits.dropFirst(whole.count)
  }

  /// Numbers go to the right where nothing else is said, texts (of `%s` too) as the caller says.
  func padded(_ sign: String, _ body: PythonString, text: Bool = false, _ budget: Budget) throws -> PythonString {
    let missing = width - sign.unicodeScalars.count - body.count
    guard missing > 0 else { return sign + body }
    try budget.make(missing)
    let padding = PythonString([fill]).repeated(missing)
    switch alignment ?? .right {
    case .left: return sign + body + padding
    case .right: return padding + sign + body
    case .afterSign: return sign + padding + body
    case .center:
      let before = missing / 2
      return PythonString([fill]).repeated(before) + sign + body + PythonString([fill]).repeated(missing - before)
    }
  }
}
