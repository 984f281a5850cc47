/// Filters of lists, dictionaries and what else has elements.
enum SequenceFilters {
  static let table: [String: JinjaFilter] = [
    "length": JinjaFilter { value, _, interpreter in .int(try interpreter.length(of: value)) },
    "count": JinjaFilter { value, _, interpreter in .int(try interpreter.length(of: value)) },
    "list": JinjaFilter { value, _, interpreter in
      let items = try interpreter.elements(of: value)
      try interpreter.budget.make(items.count)
      return .list(items)
    },
    "first": JinjaFilter { value, _, interpreter in
      try interpreter.iterator(of: value)?.next() ?? Undefined.hint("No first item, sequence was empty.")
    },
    "last": JinjaFilter { value, _, interpreter in
      try interpreter.reversed(value).first ?? Undefined.hint("No last item, sequence was empty.")
    },
    "reverse": JinjaFilter(body: reverse),
    "join": JinjaFilter("d", "attribute", body: join),
    "items": JinjaFilter { value, _, _ in
      switch value {
      case .undefined: return .object(Generator(ValueIterator([])))
      case .dict(let dict): return .object(Generator(ValueIterator(DictView(.items, of: dict).items)))
      default: throw JinjaError(.runtime, "Can only get item pairs from a mapping.")
      }
    },
    "dictsort": JinjaFilter("case_sensitive", "by", "reverse", body: dictSort),
    "sort": JinjaFilter("reverse", "case_sensitive", "attribute", body: sort),
    "unique": JinjaFilter("case_sensitive", "attribute", body: unique),
    "groupby": JinjaFilter("attribute", "default", "case_sensitive", required: 1, body: groupBy),
    "min": JinjaFilter("case_sensitive", "attribute") { try extreme($0, $1, $2, isMinimum: true) },
    "max": JinjaFilter("case_sensitive", "attribute") { try extreme($0, $1, $2, isMinimum: false) },
    "sum": JinjaFilter("attribute", "start", body: sum),
    "batch": JinjaFilter("linecount", "fill_with", required: 1, body: batch),
    "slice": JinjaFilter("slices", "fill_with", required: 1, body: slice),
  ]

  @Sendable private static func reverse(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    try interpreter.budget.make(value.text?.count ?? 0)
    switch value {
    case .string(let text): return .string(PythonString(Array(text.scalars.reversed())))
    case .markup(let text): return .markup(PythonString(Array(text.scalars.reversed())))
    default: break
    }
    if let items = try? interpreter.reversed(value) { return .object(Generator(ValueIterator(items))) }
    guard let iterator = try interpreter.iterator(of: value, orNil: true) else {
      throw JinjaError(.runtime, "argument must be iterable")
    }
    return .list(try interpreter.elements(of: .object(Generator(iterator))).reversed())
  }

  @Sendable private static func join(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let separator = try interpreter.printed(arguments[0] ?? .string(.empty))
    let attribute = try arguments.given(1).map { try AttributePath($0, interpreter) }
    let parts = try interpreter.elements(of: value).map { item in
      try interpreter.printed(try attribute?.value(of: item) ?? item)
    }
    for part in parts { try interpreter.budget.make(part.count + separator.count) }
    return .string(separator.joining(parts))
  }

  @Sendable private static func dictSort(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let by = try arguments[1].map { _ in try arguments.text(1) } ?? "key"
    guard by == "key" || by == "value" else {
      throw JinjaError(.runtime, "You can only sort by either \"key\" or \"value\"")
    }
    guard case .dict(let dict) = value else {
      if case .undefined(let undefined) = value { throw undefined.error }
      throw JinjaError(.runtime, "'\(value.typeName)' object has no attribute 'items'")
    }
    let foldsCase = !arguments.flag(0)
    let keys = (by == "key" ? dict.keys : dict.values).map { foldsCase ? $0.foldingCase : $0 }
    let order = try interpreter.sortedPlaces(keys, isReversed: arguments.flag(2))
    return .list(order.map { .tuple([dict.keys[$0], dict.values[$0]]) })
  }

  @Sendable private static func sort(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let items = try interpreter.elements(of: value)
    let paths = try AttributePath.several(arguments[2] ?? .none, interpreter)
    let foldsCase = !arguments.flag(1)
    let keys = try items.map { item -> JinjaValue in
      .list(try paths.map { foldsCase ? try $0.value(of: item).foldingCase : try $0.value(of: item) })
    }
    return .list(try interpreter.sortedPlaces(keys, isReversed: arguments.flag(0)).map { items[$0] })
  }

  @Sendable private static func unique(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let path = try AttributePath(arguments[1] ?? .none, interpreter)
    let foldsCase = !arguments.flag(0)
    var seen: Set<PythonKey> = []
    return try interpreter.generator(over: value) { item in
      let key = try path.value(of: item)
      return seen.insert(try (foldsCase ? key.foldingCase : key).key(interpreter.budget)).inserted ? item : nil
    }
  }

  @Sendable private static func groupBy(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let path = try AttributePath(arguments[0] ?? .none, interpreter, fallback: arguments.given(1))
    let foldsCase = !arguments.flag(2)
    let items = try interpreter.elements(of: value)
    let keys = try items.map { foldsCase ? try path.value(of: $0).foldingCase : try path.value(of: $0) }
    var groups: [(key: JinjaValue, items: [JinjaValue])] = []
    for place in try interpreter.sortedPlaces(keys) {
      if let last = groups.last, try Comparison(interpreter.budget).areEqual(last.key, keys[place]) {
        groups[groups.count - 1].items.append(items[place])
      } else {
        groups.append((keys[place], [items[place]]))
      }
    }
    // The key of a group is written as its first item writes it.
    let pairs = try groups.map { group -> JinjaValue in
      let key = foldsCase ? try path.value(of: group.items[0]) : group.key
      return .tuple(PythonTuple([key, .list(group.items)], fields: ["grouper", "list"]))
    }
    return .list(pairs)
  }

  private static func extreme(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter, isMinimum: Bool
  ) throws -> JinjaValue {
    let path = try AttributePath(arguments[1] ?? .none, interpreter)
    let foldsCase = !arguments.flag(0)
    let comparison = Comparison(interpreter.budget)
    var best: (item: JinjaValue, key: JinjaValue)?
    for item in try interpreter.elements(of: value) {
      let key = foldsCase ? try path.value(of: item).foldingCase : try path.value(of: item)
      guard let current = best else {
        best = (item, key)
        continue
      }
      let isBetter =
        try isMinimum
        ? comparison.isLess(key, current.key)
        : comparison.apply(.greater, key, current.key)
      if isBetter { best = (item, key) }
    }
    return best?.item ?? Undefined.hint("No aggregated item, sequence was empty.")
  }

  @Sendable private static func sum(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let attribute = try arguments.given(0).map { try AttributePath($0, interpreter) }
    let start = arguments[1] ?? .int(0)
    guard start.text == nil else {
      throw JinjaError(.runtime, "sum() can't sum strings [use ''.join(seq) instead]")
    }
    return try interpreter.elements(of: value).reduce(start) { sum, item in
      let addend = try attribute?.value(of: item) ?? item
      return try interpreter.checked(try Arithmetic(interpreter.budget).apply(.add, sum, addend))
    }
  }

  @Sendable private static func batch(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let size = try arguments.integer(0, default: 1)
    let items = try interpreter.elements(of: value)
    guard size > 0 else {
      // Jinja finds an empty batch full, and then never another one.
      let empty = size == 0 ? [JinjaValue.list([])] : []
      return .object(Generator(ValueIterator(items.isEmpty ? [] : empty + [.list(items)])))
    }
    var batches = stride(from: 0, to: items.count, by: size).map { Array(items[$0..<min($0 + size, items.count)]) }
    if let fill = arguments.given(1), let last = batches.last, last.count < size {
      try interpreter.budget.make(size)
      batches[batches.count - 1] += Array(repeating: fill, count: size - last.count)
    }
    return .object(Generator(ValueIterator(batches.map { .list($0) })))
  }

  @Sendable private static func slice(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let slices = try arguments.integer(0, default: 1)
    let items = try interpreter.elements(of: value)
    guard slices != 0 else { throw JinjaError(.runtime, "integer division or modulo by zero") }
    try interpreter.budget.make(max(slices, 0))
    var parts: [JinjaValue] = []
    var start = 0
    for index in 0..<max(slices, 0) {
      let isLonger = index < items.count % slices
      let end = start + items.count / slices + (isLonger ? 1 : 0)
      let fill = isLonger ? [] : arguments.given(1).map { [$0] } ?? []
      parts.append(.list(items[start..<end] + fill))
      start = end
    }
    return .object(Generator(ValueIterator(parts)))
  }
}
