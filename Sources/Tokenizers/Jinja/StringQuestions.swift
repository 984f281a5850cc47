/// The methods of `str` that look and do not change: searches and questions.
extension StringMethods {
  static let questions: [String: PythonMethod] = [
    "startswith": PythonMethod("", "", "", required: 1) { value, arguments, _ in
      .bool(try affix(value, arguments, "startswith") { $0.hasPrefix($1) })
    },
    "endswith": PythonMethod("", "", "", required: 1) { value, arguments, _ in
      .bool(try affix(value, arguments, "endswith") { $0.hasSuffix($1) })
    },
    "find": search(throwing: false) { $0.firstIndex(of: $1, in: $2) },
    "rfind": search(throwing: false) { $0.lastIndex(of: $1, in: $2) },
    "index": search(throwing: true) { $0.firstIndex(of: $1, in: $2) },
    "rindex": search(throwing: true) { $0.lastIndex(of: $1, in: $2) },
    "count": PythonMethod("", "", "", required: 1) { value, arguments, interpreter in
      let text = value.text ?? .empty
      try interpreter.budget.make(text.count)
      guard let range = try range(arguments, text.count) else { return .int(0) }
      return .int(text.occurrences(of: try arguments.text(0), in: range))
    },
    "isalpha": all { $0.isPythonLetter },
    "isalnum": all { $0.isPythonAlphanumeric },
    "isdecimal": all { $0.isPythonDecimal },
    "isdigit": all { $0.isPythonDigit },
    "isnumeric": all { $0.isPythonNumeric },
    "isspace": all { $0.isPythonSpace },
    "isascii": PythonMethod { value, _, _ in .bool((value.text ?? .empty).scalars.allSatisfy(\.isASCII)) },
    "isprintable": PythonMethod { value, _, _ in .bool((value.text ?? .empty).scalars.allSatisfy(\.isPythonPrintable))
    },
    "isidentifier": PythonMethod { value, _, _ in .bool((value.text ?? .empty).isIdentifier) },
    "islower": PythonMethod { value, _, _ in .bool((value.text ?? .empty).isLowercase) },
    "isupper": PythonMethod { value, _, _ in .bool((value.text ?? .empty).isUppercase) },
    "istitle": PythonMethod { value, _, _ in .bool((value.text ?? .empty).isTitlecase) },
  ]

  /// Whether there are characters and all are of a kind.
  private static func all(_ isOfKind: @escaping @Sendable (Unicode.Scalar) -> Bool) -> PythonMethod {
    PythonMethod { value, _, _ in
      let text = value.text ?? .empty
      return .bool(!text.isEmpty && text.scalars.allSatisfy(isOfKind))
    }
  }

  /// The places between the arguments `start` and `end`, nil where the start lies behind the text or the end.
  private static func range(_ arguments: BoundArguments, _ count: Int) throws -> Range<Int>? {
    func place(_ bound: Int) -> Int { bound < 0 ? max(bound + count, 0) : bound }
    let start = place(min(try arguments.optionalInteger(1) ?? 0, 1 << 40))
    let end = min(place(min(try arguments.optionalInteger(2) ?? count, 1 << 40)), count)
    return start <= end ? start..<end : nil
  }

  private static func affix(
    _ value: JinjaValue, _ arguments: BoundArguments, _ name: String, _ matches: (PythonString, PythonString) -> Bool
  ) throws -> Bool {
    let text = value.text ?? .empty
    let wanted: [JinjaValue] =
      if case .tuple(let tuple)? = arguments[0] { tuple.items } else { [arguments[0] ?? .none] }
    guard let range = try range(arguments, text.count) else { return false }
    let part = range == 0..<text.count ? text : text[range]
    return try wanted.contains { affix in
      guard let affix = affix.text else {
        throw JinjaError(
          .runtime, "\(name) first arg must be str or a tuple of str, not \(affix.typeName)")
      }
      return matches(part, affix)
    }
  }

  private static func search(
    throwing: Bool, _ find: @escaping @Sendable (PythonString, PythonString, Range<Int>) -> Int?
  ) -> PythonMethod {
    PythonMethod("", "", "", required: 1) { value, arguments, interpreter in
      let text = value.text ?? .empty
      try interpreter.budget.make(text.count)
      let wanted = try arguments.text(0)
      if let range = try range(arguments, text.count), let index = find(text, wanted, range) { return .int(index) }
      if throwing { throw JinjaError(.runtime, "substring not found") }
      return .int(-1)
    }
  }
}
