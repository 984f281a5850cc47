/// The methods of lists, tuples, dictionaries and floats that change nothing.
enum ContainerMethods {
  static let lists: [String: PythonMethod] = [
    "copy": PythonMethod { value, _, interpreter in .list(try interpreter.elements(of: value)) },
    "count": count,
    "index": index,
  ]

  static let tuples: [String: PythonMethod] = ["count": count, "index": index]

  static let dicts: [String: PythonMethod] = [
    "get": PythonMethod("", "", required: 1) { value, arguments, interpreter in
      guard case .dict(let dict) = value, let key = arguments[0] else { return .none }
      return dict[try key.key(interpreter.budget)] ?? arguments[1] ?? .none
    },
    "items": view(.items),
    "keys": view(.keys),
    "values": view(.values),
    "copy": PythonMethod { value, _, interpreter in
      guard case .dict(let dict) = value else { return value }
      try interpreter.budget.make(dict.count)
      var builder = PythonDict.Builder()
      builder.merge(dict)
      return .dict(builder.built)
    },
  ]

  static let floats: [String: PythonMethod] = [
    "is_integer": PythonMethod { value, _, _ in .bool(value.number.map { $0.isFinite && $0 == $0.rounded() } ?? false) }
  ]

  private static func view(_ part: DictView.Part) -> PythonMethod {
    PythonMethod { value, _, _ in
      guard case .dict(let dict) = value else { return value }
      return .object(DictView(part, of: dict))
    }
  }

  private static let count = PythonMethod("", required: 1) { value, arguments, interpreter in
    let comparison = Comparison(interpreter.budget)
    let wanted = arguments[0] ?? .none
    return .int(try interpreter.elements(of: value).count { try comparison.areEqual($0, wanted) })
  }

  private static let index = PythonMethod("", "", "", required: 1) { value, arguments, interpreter in
    let items = try interpreter.elements(of: value)
    let comparison = Comparison(interpreter.budget)
    let bounds = try SliceBounds([arguments[1], arguments[2], nil])
    for place in bounds.places(items.count) where try comparison.areEqual(items[place], arguments[0] ?? .none) {
      return .int(place)
    }
    let printed = try PythonPrinter(interpreter.budget).representation(arguments[0] ?? .none)
    throw JinjaError(
      .runtime, value.typeName == "list" ? "\(printed) is not in list" : "tuple.index(x): x not in tuple")
  }
}
