/// Filters of text.
enum TextFilters {
  static let table: [String: JinjaFilter] = [
    "upper": .ofText { $0.uppercased() },
    "lower": .ofText { $0.lowercased() },
    "capitalize": .ofText { $0.capitalized() },
    "title": JinjaFilter { value, _, interpreter in .string(title(try interpreter.printed(value))) },
    "trim": JinjaFilter("chars") { value, arguments, interpreter in
      let text = try interpreter.printed(value).stripped(of: try arguments.optionalText(0))
      if case .markup = value { return .markup(text) }
      return .string(text)
    },
    "replace": JinjaFilter("old", "new", "count", required: 2, body: replace),
    "center": JinjaFilter("width") { value, arguments, interpreter in
      let method = PythonMethod.strings["center"]
      let width = arguments[0] ?? .int(80)
      let text = JinjaValue.string(try interpreter.printed(value))
      return try method?.call("center", on: text, Arguments(positional: [width]), interpreter) ?? text
    },
    "indent": JinjaFilter("width", "first", "blank", body: indent),
    "truncate": JinjaFilter("length", "killwords", "end", "leeway", body: truncate),
    "wordcount": JinjaFilter { value, _, interpreter in .int(wordCount(try interpreter.printed(value))) },
    "format": .variadic(format),
    "string": JinjaFilter { value, _, interpreter in
      if case .markup = value { return value }
      return .string(try interpreter.printed(value))
    },
    "urlencode": JinjaFilter { value, _, interpreter in .string(try URLEncoding(interpreter).text(value)) },
    "escape": JinjaFilter { value, _, interpreter in .markup(try Markup.escaped(value, interpreter)) },
    "e": JinjaFilter { value, _, interpreter in .markup(try Markup.escaped(value, interpreter)) },
    "forceescape": JinjaFilter { value, _, interpreter in .markup(Markup.escaped(try interpreter.printed(value))) },
    "safe": JinjaFilter { value, _, interpreter in .markup(try interpreter.printed(value)) },
  ]

  /// Jinja's `title`: words begin after white space, hyphens and opening brackets.
  private static func title(_ text: PythonString) -> PythonString {
    var result = PythonString.empty
    var word: [Unicode.Scalar] = []
    func flush() {
      guard let first = word.first else { return }
      result = result + PythonString([first]).uppercased() + PythonString(word[1...]).lowercased()
      word = []
    }
    for scalar in text.scalars {
      if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
        flush()
        result.scalars.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    flush()
    return result
  }

  @Sendable private static func replace(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let text = try interpreter.printed(value)
    let old = try interpreter.printed(arguments[0] ?? .none)
    let new = try interpreter.printed(arguments[1] ?? .none)
    let limit = try arguments.optionalInteger(2) ?? -1
    return .string(try interpreter.replaced(text, old, new, limit))
  }

  @Sendable private static func indent(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    guard let text = value.text else {
      if case .undefined(let undefined) = value { throw undefined.error }
      throw JinjaError(
        .runtime, "unsupported operand type(s) for +=: '\(value.typeName)' and 'str'")
    }
    let width = arguments[0] ?? .int(4)
    try interpreter.budget.make(max(width.integer ?? 0, 0))
    let indention =
      try width.text ?? PythonString(" ").repeated(try arguments.integer(0, default: 4))
    let (first, blank) = (arguments.flag(1), arguments.flag(2))
    let lines = (text + "\n").lines()
    try interpreter.budget.make(indention.count, times: lines.count)
    let indented = lines.enumerated().map { index, line in
      (index == 0 ? first : blank || !line.isEmpty) ? indention + line : line
    }
    let result = PythonString("\n").joining(indented)
    try interpreter.budget.make(result.count)
    if case .markup = value { return .markup(result) }
    return .string(result)
  }

  @Sendable private static func truncate(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    guard let text = value.text else { throw JinjaError(.runtime, "truncate() needs a string, not \(value.typeName)") }
    let length = try arguments.integer(0, default: 255)
    let end = try arguments.optionalText(2) ?? "..."
    let leeway = try arguments.optionalInteger(3) ?? 5
    guard length >= end.count else {
      throw JinjaError(.runtime, "expected length >= \(end.count), got \(length)")
    }
    guard leeway >= 0 else { throw JinjaError(.runtime, "expected leeway >= 0, got \(leeway)") }
    if text.count - leeway <= length { return value }
    let cut = text[0..<length - end.count]
    return .string((arguments.flag(1) ? cut : cut.splitFromRight(on: " ", limit: 1)[0]) + end)
  }

  private static func wordCount(_ text: PythonString) -> Int {
    var (count, inWord) = (0, false)
    for scalar in text.scalars {
      let isWord = scalar == "_" || scalar.isPythonAlphanumeric
      if isWord, !inWord { count += 1 }
      inWord = isWord
    }
    return count
  }

  @Sendable private static func format(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let given = arguments.all
    guard given.named.isEmpty || given.positional.isEmpty else {
      throw JinjaError(.runtime, "can't handle positional and keyword arguments at the same time")
    }
    let values = given.named.isEmpty ? JinjaValue.tuple(given.positional) : .dict(given.named)
    return try Arithmetic(interpreter.budget).apply(.modulo, .string(try interpreter.printed(value)), values)
  }
}

extension Interpreter {
  /// `str.replace`, whose result can be far longer than its text.
  func replaced(
    _ text: PythonString, _ old: PythonString, _ new: PythonString, _ limit: Int
  ) throws -> PythonString {
    try budget.make(text.count)
    let found = text.occurrences(of: old)
    try budget.make(new.count, times: limit < 0 ? found : min(limit, found))
    return text.replacing(old, with: new, limit: limit)
  }
}

/// HTML's escapes, as `markupsafe` writes them.
enum Markup {
  static func escaped(_ text: PythonString) -> PythonString {
    var result: [Unicode.Scalar] = []
    for scalar in text.scalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case "\"": result.append(contentsOf: "&#34;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return PythonString(result)
  }

  /// Text that is marked as safe as it is, other text escaped.
  static func escaped(_ value: JinjaValue) -> PythonString {
    if case .markup(let text) = value { return text }
    return escaped(value.text ?? .empty)
  }

  static func escaped(_ value: JinjaValue, _ interpreter: Interpreter) throws -> PythonString {
    if case .markup(let text) = value { return text }
    let text = try interpreter.printed(value)
    try interpreter.budget.make(text.count, times: 5)
    return escaped(text)
  }
}

/// Python's `urllib.parse.quote` and `urlencode`.
struct URLEncoding {
  private let interpreter: Interpreter

  init(_ interpreter: Interpreter) { self.interpreter = interpreter }

  func text(_ value: JinjaValue) throws -> PythonString {
    if value.text != nil { return try quoted(value, isQuery: false) }
    let pairs: [JinjaValue]
    if case .dict(let dict) = value {
      pairs = zip(dict.keys, dict.values).map { .tuple([$0, $1]) }
    } else if let iterator = try interpreter.iterator(of: value, orNil: true) {
      pairs = try interpreter.elements(of: .object(Generator(iterator)))
    } else {
      return try quoted(value, isQuery: false)
    }
    let parts = try pairs.map { pair in
      let items = try interpreter.elements(of: pair)
      guard items.count == 2 else { throw JinjaError(.runtime, "urlencode() needs pairs of a name and a value") }
      return try quoted(items[0], isQuery: true) + "=" + quoted(items[1], isQuery: true)
    }
    return PythonString("&").joining(parts)
  }

  private func quoted(_ value: JinjaValue, isQuery: Bool) throws -> PythonString {
    let text = try interpreter.printed(value)
    try interpreter.budget.make(text.count, times: 12)
    var result: [Unicode.Scalar] = []
    for byte in text.string.utf8 {
      let scalar = Unicode.Scalar(byte)
      if scalar.properties.isAlphabetic && byte < 0x80 || scalar.isASCIIDigit || "_.-~".unicodeScalars.contains(scalar)
        || (scalar == "/" && !isQuery)
      {
        result.append(scalar)
      } else if scalar == " ", isQuery {
        result.append("+")
      } else {
        result.append(contentsOf: ("%" + NumberFormat.hexadecimal(UInt32(byte), digits: 2).uppercased()).unicodeScalars)
      }
    }
    return PythonString(result)
  }
}
