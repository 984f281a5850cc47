/// The methods of `str`.
enum StringMethods {
  static let table: [String: PythonMethod] = [
    "upper": ofText { $0.uppercased() },
    "lower": ofText { $0.lowercased() },
    "casefold": ofText { $0.replacing("ß", with: "ss").lowercased() },
    "capitalize": ofText { $0.capitalized() },
    "title": ofText { $0.titlecased() },
    "swapcase": ofText { $0.swappedCase() },
    "strip": strip(.both),
    "lstrip": strip(.left),
    "rstrip": strip(.right),
    "removeprefix": PythonMethod("", required: 1) { value, arguments, _ in
      let (text, prefix) = (value.text ?? .empty, try arguments.text(0))
      return .string(text.hasPrefix(prefix) ? text[prefix.count..<text.count] : text)
    },
    "removesuffix": PythonMethod("", required: 1) { value, arguments, _ in
      let (text, suffix) = (value.text ?? .empty, try arguments.text(0))
      return .string(text.hasSuffix(suffix) ? text[0..<text.count - suffix.count] : text)
    },
    "replace": PythonMethod("", "", "", required: 2) { value, arguments, interpreter in
      .string(
        try interpreter.replaced(
          value.text ?? .empty, try arguments.text(0), try arguments.text(1),
          try arguments.integer(2, default: -1)))
    },
    "split": split(fromRight: false),
    "rsplit": split(fromRight: true),
    "splitlines": PythonMethod("keepends") { value, arguments, interpreter in
      try interpreter.list((value.text ?? .empty).lines(keepingEnds: arguments.flag(0)))
    },
    "partition": PythonMethod("", required: 1) { value, arguments, _ in
      try partition(value, arguments) {
        $0.firstIndex(of: $1)
      } whenMissing: {
        [$0, .empty, .empty]
      }
    },
    "rpartition": PythonMethod("", required: 1) { value, arguments, _ in
      try partition(value, arguments) {
        $0.lastIndex(of: $1)
      } whenMissing: {
        [.empty, .empty, $0]
      }
    },
    "join": PythonMethod("", required: 1, body: join),
    "format": .variadic({ value, arguments, interpreter in
      var format = BraceFormat(arguments.all, interpreter)
      return .string(try format.applied(to: value.text ?? .empty))
    }),
    "format_map": PythonMethod("", required: 1) { value, arguments, interpreter in
      guard case .dict(let dict)? = arguments[0] else {
        throw JinjaError(.runtime, "format_map() needs a mapping")
      }
      let named = zip(dict.keys, dict.values).map { (name: $0.text?.string ?? "", value: $1) }
      var format = BraceFormat(Arguments(named: named), interpreter)
      return .string(try format.applied(to: value.text ?? .empty))
    },
    "center": justify { missing, width in missing / 2 + (missing & width & 1) },
    "ljust": justify { _, _ in 0 },
    "rjust": justify { missing, _ in missing },
    "zfill": PythonMethod("", required: 1, body: zeroFill),
    "expandtabs": PythonMethod("tabsize", body: expandTabs),
  ]

  private static func ofText(_ change: @escaping @Sendable (PythonString) -> PythonString) -> PythonMethod {
    PythonMethod { value, _, interpreter in
      try interpreter.budget.make(value.text?.count ?? 0)
      return .string(change(value.text ?? .empty))
    }
  }

  private static func strip(_ side: PythonString.Side) -> PythonMethod {
    PythonMethod("") { value, arguments, interpreter in
      try interpreter.budget.make(value.text?.count ?? 0)
      return .string((value.text ?? .empty).stripped(side, of: try arguments.optionalText(0)))
    }
  }

  private static func split(fromRight: Bool) -> PythonMethod {
    PythonMethod("sep", "maxsplit") { value, arguments, interpreter in
      let text = value.text ?? .empty
      let limit = try arguments.integer(1, default: -1)
      guard let separator = try arguments.optionalText(0) else {
        return try interpreter.list(
          fromRight ? text.splitAtSpacesFromRight(limit: limit) : text.splitAtSpaces(limit: limit))
      }
      guard !separator.isEmpty else { throw JinjaError(.runtime, "empty separator") }
      return try interpreter.list(
        fromRight ? text.splitFromRight(on: separator, limit: limit) : text.split(on: separator, limit: limit))
    }
  }

  private static func partition(
    _ value: JinjaValue, _ arguments: BoundArguments, _ place: (PythonString, PythonString) -> Int?,
    whenMissing: (PythonString) -> [PythonString]
  ) throws -> JinjaValue {
    let (text, separator) = (value.text ?? .empty, try arguments.text(0))
    guard !separator.isEmpty else { throw JinjaError(.runtime, "empty separator") }
    guard let index = place(text, separator) else { return .tuple(whenMissing(text).map { .string($0) }) }
    let rest = text[index + separator.count..<text.count]
    return .tuple([.string(text[0..<index]), .string(separator), .string(rest)])
  }

  @Sendable private static func join(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let separator = value.text ?? .empty
    let parts = try interpreter.elements(of: arguments[0] ?? .none).enumerated().map { index, item in
      guard let text = item.text else {
        throw JinjaError(.runtime, "sequence item \(index): expected str instance, \(item.typeName) found")
      }
      try interpreter.budget.make(text.count + separator.count)
      return text
    }
    return .string(separator.joining(parts))
  }

  /// - Parameter before: how much of the missing width goes in front, of the missing and the whole width.
  private static func justify(before: @escaping @Sendable (Int, Int) -> Int) -> PythonMethod {
    PythonMethod("", "", required: 1) { value, arguments, interpreter in
      let text = value.text ?? .empty
      let width = try arguments.integer(0, default: 0)
      let fill = try arguments[1].map { _ in try arguments.text(1) } ?? " "
      guard fill.count == 1 else {
        throw JinjaError(.runtime, "The fill character must be exactly one character long")
      }
      guard width > text.count else { return .string(text) }
      try interpreter.budget.make(width)
      let first = before(width - text.count, width)
      return .string(fill.repeated(first) + text + fill.repeated(width - text.count - first))
    }
  }

  @Sendable private static func zeroFill(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let text = value.text ?? .empty
    let width = try arguments.integer(0, default: 0)
    guard width > text.count else { return .string(text) }
    try interpreter.budget.make(width)
    let zeros = PythonString("0").repeated(width - text.count)
    let hasSign = text.scalars.first == "-" || text.scalars.first == "+"
    return .string(hasSign ? text[0..<1] + zeros + text[1..<text.count] : zeros + text)
  }

  @Sendable private static func expandTabs(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let size = max(try arguments.integer(0, default: 8), 0)
    var (result, column): ([Unicode.Scalar], Int) = ([], 0)
    for scalar in (value.text ?? .empty).scalars {
      if scalar == "\t" {
        let missing = size == 0 ? 0 : size - column % size
        try interpreter.budget.make(missing)
        result.append(contentsOf: repeatElement(" ", count: missing))
        column += missing
      } else {
        result.append(scalar)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
      }
    }
    return .string(PythonString(result))
  }
}

extension Interpreter {
  func list(_ texts: [PythonString]) throws -> JinjaValue {
    for text in texts { try budget.make(text.count + 1) }
    return .list(texts.map { .string($0) })
  }
}
