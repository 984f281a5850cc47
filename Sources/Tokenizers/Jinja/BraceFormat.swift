/// Python's `str.format` in Jinja's sandbox.
struct BraceFormat {
  private let interpreter: Interpreter
  private let arguments: Arguments
  /// The next argument of a field without a name, nil once a field had a number.
  private var automatic: Int? = 0
  private var usedAutomatic = false

  init(_ arguments: Arguments, _ interpreter: Interpreter) {
    self.arguments = arguments
    self.interpreter = interpreter
  }

  mutating func applied(to format: PythonString, level: Int = 2) throws -> PythonString {
    guard level >= 0 else { throw JinjaError(.runtime, "Max string recursion exceeded") }
    var result: [Unicode.Scalar] = []
    var rest = format.scalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.append(scalar)
        continue
      }
      if rest.first == scalar {
        result.append(scalar)
        rest.removeFirst()
      } else if scalar == "}" {
        throw JinjaError(.runtime, "Single '}' encountered in format string")
      } else {
        let text = try replaced(try field(&rest), level)
        try interpreter.budget.make(text.count)
        result.append(contentsOf: text.scalars)
      }
    }
    return PythonString(result)
  }

  /// What stands between the braces of a field.
  private func field(_ rest: inout ArraySlice<Unicode.Scalar>) throws -> ArraySlice<Unicode.Scalar> {
    var depth = 1
    for index in rest.indices {
      if rest[index] == "{" { depth += 1 }
      if rest[index] == "}" { depth -= 1 }
      if depth == 0 {
        defer { rest = rest[(index + 1)...] }
        return rest[..<index]
      }
    }
    throw JinjaError(
      .runtime, rest.isEmpty ? "Single '{' encountered in format string" : "expected '}' before end of string")
  }

  private mutating func replaced(_ field: ArraySlice<Unicode.Scalar>, _ level: Int) throws -> PythonString {
    let nameEnd = nameEnd(field)
    var rest = field[nameEnd...]
    var conversion: Unicode.Scalar?
    if rest.first == "!" {
      rest.removeFirst()
      conversion = rest.popFirst()
      guard conversion != nil, rest.isEmpty || rest.first == ":" else {
        throw JinjaError(.runtime, "expected ':' after conversion specifier")
      }
    }
    let value = try converted(try lookUp(field[..<nameEnd]), conversion)
    let specification = try applied(to: PythonString(rest.dropFirst()), level: level - 1)
    return try FormatSpecification(specification).applied(to: value, interpreter.budget)
  }

  private func nameEnd(_ field: ArraySlice<Unicode.Scalar>) -> Int {
    var isInBrackets = false
    for index in field.indices {
      if field[index] == "[" { isInBrackets = true }
      if field[index] == "]" { isInBrackets = false }
      if !isInBrackets, field[index] == "!" || field[index] == ":" { return index }
    }
    return field.endIndex
  }

  private func converted(_ value: JinjaValue, _ conversion: Unicode.Scalar?) throws -> JinjaValue {
    switch conversion {
    case nil: value
    case "s": .string(try PythonPrinter(interpreter.budget).text(value))
    case "r": .string(try PythonPrinter(interpreter.budget).representation(value))
    default: throw JinjaError(.unsupported, "the conversion !\(conversion.map { String($0) } ?? "") is not supported")
    }
  }

  /// The value of a field's name such as `0.content[first]`.
  private mutating func lookUp(_ name: ArraySlice<Unicode.Scalar>) throws -> JinjaValue {
    let first = name.prefix { $0 != "." && $0 != "[" }
    var value = try argument(PythonString(first).string, isWhole: first.count == name.count)
    var rest = name[first.endIndex...]
    while let mark = rest.popFirst() {
      if mark == "." {
        let attribute = rest.prefix { $0 != "." && $0 != "[" }
        value = try interpreter.attribute(Name(PythonString(attribute).string), of: value)
        rest = rest[attribute.endIndex...]
      } else if mark == "[", let end = rest.firstIndex(of: "]") {
        let key = PythonString(rest[..<end])
        value = try interpreter.item(Int(key.string).map { .int($0) } ?? .string(key), of: value)
        rest = rest[(end + 1)...]
      } else {
        throw JinjaError(.runtime, "Only '.' or '[' may follow ']' in format field specifier")
      }
    }
    return value
  }

  private mutating func argument(_ name: String, isWhole: Bool) throws -> JinjaValue {
    if let value = arguments.named(name), Int(name) == nil { return value }
    var index = Int(name)
    if name.isEmpty, isWhole {
      guard let next = automatic else {
        throw JinjaError(
          .runtime, "cannot switch from manual field specification to automatic field numbering")
      }
      (automatic, usedAutomatic, index) = (next + 1, true, next)
    } else if index != nil {
      guard !usedAutomatic else {
        throw JinjaError(
          .runtime, "cannot switch from automatic field numbering to manual field specification")
      }
      automatic = nil
    }
    guard let index else { throw JinjaError(.runtime, "KeyError: '\(name)'") }
    guard arguments.positional.indices.contains(index) else {
      throw JinjaError(.runtime, "Replacement index \(index) out of range for positional args tuple")
    }
    return arguments.positional[index]
  }
}

/// What follows the colon of a field: `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
struct FormatSpecification {
  private var layout = FieldLayout()
  private var kind: Unicode.Scalar?
  private let isEmpty: Bool
  /// Whether zeros go between the sign and the digits.
  private var isZeroPadded = false

  init(_ text: PythonString) throws {
    isEmpty = text.isEmpty
    var rest = text.scalars[...]
    let hasFill = readAlignment(&rest)
    if let sign = rest.first, "+- ".unicodeScalars.contains(sign) {
      layout.sign = sign == "-" ? nil : sign
      rest.removeFirst()
    }
    if rest.first == "#" {
      layout.isAlternate = true
      rest.removeFirst()
    }
    if rest.first == "0", !hasFill {
      layout.fill = "0"
      isZeroPadded = layout.alignment == nil
      rest.removeFirst()
    }
    layout.width = try FieldLayout.number(&rest) ?? 0
    if let grouping = rest.first, grouping == "," || grouping == "_" {
      layout.grouping = grouping
      rest.removeFirst()
    }
    if rest.first == "." {
      rest.removeFirst()
      guard let precision = try FieldLayout.number(&rest) else {
        throw JinjaError(.runtime, "Format specifier missing precision")
      }
      layout.precision = precision
    }
    kind = rest.popFirst()
    guard rest.isEmpty else { throw JinjaError(.runtime, "Invalid format specifier") }
  }

  /// Whether a character to fill with is given.
  private mutating func readAlignment(_ rest: inout ArraySlice<Unicode.Scalar>) -> Bool {
    let alignments: [Unicode.Scalar: FieldLayout.Alignment] = [
      "<": .left, ">": .right, "^": .center, "=": .afterSign,
    ]
    if let second = rest.dropFirst().first, let alignment = alignments[second], let fill = rest.first {
      (layout.alignment, layout.fill) = (alignment, fill)
      rest.removeFirst(2)
      return true
    }
    if let first = rest.first, let alignment = alignments[first] {
      layout.alignment = alignment
      rest.removeFirst()
    }
    return false
  }

  func applied(to value: JinjaValue, _ budget: Budget) throws -> PythonString {
    switch value {
    case .int(let integer): return try applied(to: integer, budget)
    case .bool(let flag) where !isEmpty: return try applied(to: flag ? 1 : 0, budget)
    case .float(let number): return try applied(to: number, budget)
    case .string(let text), .markup(let text):
      guard kind == nil || kind == "s" else { throw unknown(value) }
      guard layout.alignment != .afterSign else {
        throw JinjaError(.runtime, "'=' alignment not allowed in string format specifier")
      }
      var layout = layout
      layout.alignment = layout.alignment ?? .left
      return try layout.padded("", layout.precision.map { text[0..<min($0, text.count)] } ?? text, budget)
    default:
      guard isEmpty else {
        throw JinjaError(.runtime, "unsupported format string passed to \(value.typeName).__format__")
      }
      return try PythonPrinter(budget).text(value)
    }
  }

  private func unknown(_ value: JinjaValue) -> JinjaError {
    JinjaError(
      .runtime,
      "Unknown format code '\(kind.map { String($0) } ?? "")' for object of type '\(value.typeName)'")
  }

  private var numberLayout: FieldLayout {
    var layout = layout
    if isZeroPadded { layout.alignment = .afterSign }
    return layout
  }

  private func applied(to integer: Int, _ budget: Budget) throws -> PythonString {
    let layout = numberLayout
    switch kind {
    case nil, "d", "n", "x", "X", "o", "b":
      return try layout.laidOut(integer: integer, kind: kind.map { Character($0) } ?? "d", budget)
    case "c":
      guard let scalar = Unicode.Scalar(UInt32(clamping: integer)) else {
        throw JinjaError(.runtime, "%c arg not in range(0x110000)")
      }
      return try layout.padded("", PythonString([scalar]), budget)
    default: return try applied(to: Double(integer), budget)
    }
  }

  private func applied(to number: Double, _ budget: Budget) throws -> PythonString {
    let layout = numberLayout
    guard let kind else {
      guard layout.precision != nil else {
        let text = NumberFormat.representation(number.magnitude)
        return try layout.padded(layout.signText(number.sign == .minus), PythonString(layout.grouped(text)), budget)
      }
      return try layout.laidOut(float: number, kind: "g", budget)
    }
    if kind == "%" {
      var layout = layout
      layout.width -= 1
      return try layout.laidOut(float: number * 100, kind: "f", budget) + "%"
    }
    guard "eEfFgGn".unicodeScalars.contains(kind) else { throw unknown(.float(number)) }
    return try layout.laidOut(float: number, kind: kind == "n" ? "g" : Character(kind), budget)
  }
}
