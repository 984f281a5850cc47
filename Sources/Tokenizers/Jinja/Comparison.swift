/// Python's comparisons.
struct Comparison {
  private let budget: Budget

  init(_ budget: Budget) { self.budget = budget }

  func apply(_ symbol: ComparisonOperator, _ left: JinjaValue, _ right: JinjaValue) throws -> Bool {
    switch symbol {
    case .equal: try areEqual(left, right)
    case .notEqual: try !areEqual(left, right)
    case .less: try isLess(left, right, "<")
    case .greater: try isLess(right, left, ">", swapped: true)
    case .lessOrEqual: try isLessOrEqual(left, right, "<=")
    case .greaterOrEqual: try isLessOrEqual(right, left, ">=", swapped: true)
    case .contained: try contains(right, left)
    case .notContained: try !contains(right, left)
    }
  }

  func areEqual(_ left: JinjaValue, _ right: JinjaValue) throws -> Bool {
    try budget.step()
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.list(let a), .list(let b)): return try a === b || areEqual(a.items, b.items)
    case (.tuple(let a), .tuple(let b)): return try a === b || areEqual(a.items, b.items)
    case (.dict(let a), .dict(let b)): return try a === b || areEqual(a, b)
    case (.object(let a), .object(let b)): return try a === b || areEqual(a, b)
    default: break
    }
    if let a = left.text, let b = right.text { return a == b }
    if let a = left.integer, let b = right.integer { return a == b }
    if let a = left.number, let b = right.number { return a == b }
    return false
  }

  private func areEqual(_ a: [JinjaValue], _ b: [JinjaValue]) throws -> Bool {
    guard a.count == b.count else { return false }
    for (x, y) in zip(a, b) where try !areEqual(x, y) { return false }
    return true
  }

  private func areEqual(_ a: PythonDict, _ b: PythonDict) throws -> Bool {
    guard a.count == b.count else { return false }
    for (key, value) in zip(a.keys, a.values) {
      guard let other = b[try key.key(budget)], try areEqual(value, other) else { return false }
    }
    return true
  }

  private func areEqual(_ a: TemplateObject, _ b: TemplateObject) throws -> Bool {
    switch (a, b) {
    case (let a as PythonRange, let b as PythonRange): return try areEqual(a.items, b.items)
    case (let a as DictView, let b as DictView) where a.part != .values && b.part != .values:
      guard a.dict.count == b.dict.count else { return false }
      for item in a.items where try !b.items.contains(where: { try areEqual($0, item) }) { return false }
      return true
    default: return false
    }
  }

  /// `left < right`; `symbol` and `swapped` say how the template wrote it.
  func isLess(_ left: JinjaValue, _ right: JinjaValue, _ symbol: String = "<", swapped: Bool = false) throws -> Bool {
    try budget.step()
    switch (left, right) {
    case (.undefined(let undefined), _), (_, .undefined(let undefined)): throw undefined.error
    case (.list(let a), .list(let b)): return try isLess(a.items, b.items, orEqual: false, symbol, swapped)
    case (.tuple(let a), .tuple(let b)): return try isLess(a.items, b.items, orEqual: false, symbol, swapped)
    default: break
    }
    if let a = left.text, let b = right.text { return a < b }
    if let a = left.integer, let b = right.integer { return a < b }
    if let a = left.number, let b = right.number { return a < b }
    throw refusal(left, right, symbol, swapped)
  }

  private func isLessOrEqual(
    _ left: JinjaValue, _ right: JinjaValue, _ symbol: String, swapped: Bool = false
  ) throws -> Bool {
    switch (left, right) {
    case (.list(let a), .list(let b)): return try isLess(a.items, b.items, orEqual: true, symbol, swapped)
    case (.tuple(let a), .tuple(let b)): return try isLess(a.items, b.items, orEqual: true, symbol, swapped)
    default: break
    }
    // Not "not greater": nothing compares with NaN.
    return try isLess(left, right, symbol, swapped: swapped) || areEqual(left, right)
  }

  private func isLess(
    _ a: [JinjaValue], _ b: [JinjaValue], orEqual: Bool, _ symbol: String, _ swapped: Bool
  ) throws -> Bool {
    for (x, y) in zip(a, b) where try !areEqual(x, y) {
      return try orEqual ? isLessOrEqual(x, y, symbol, swapped: swapped) : isLess(x, y, symbol, swapped: swapped)
    }
    return orEqual ? a.count <= b.count : a.count < b.count
  }

  private func refusal(_ left: JinjaValue, _ right: JinjaValue, _ symbol: String, _ swapped: Bool) -> JinjaError {
    let (first, second) = swapped ? (right, left) : (left, right)
    return JinjaError(
      .runtime,
      "'\(symbol)' not supported between instances of '\(first.typeName)' and '\(second.typeName)'")
  }

  /// `element in container`.
  func contains(_ container: JinjaValue, _ element: JinjaValue) throws -> Bool {
    switch container {
    case .undefined: return false
    case .string(let text), .markup(let text):
      guard let part = element.text else {
        throw JinjaError(.runtime, "'in <string>' requires string as left operand, not \(element.typeName)")
      }
      try budget.make(text.count)
      return text.contains(part)
    case .dict(let dict): return dict[try element.key(budget)] != nil
    case .list(let list): return try list.items.contains { try areEqual($0, element) }
    case .tuple(let tuple): return try tuple.items.contains { try areEqual($0, element) }
    case .object(let object):
      if let iterator = object.iterator() {
        while let item = try iterator.next() { if try areEqual(item, element) { return true } }
        return false
      }
    default: break
    }
    throw JinjaError(.runtime, "argument of type '\(container.typeName)' is not iterable")
  }
}
