/// A list. Templates cannot change one: Jinja's immutable sandbox refuses `append` and other changes.
package final class PythonList {
  package let items: [JinjaValue]
  let nesting: Int

  package init(_ items: [JinjaValue]) {
    self.items = items
    nesting = JinjaValue.nesting(around: items)
  }
}

package final class PythonTuple {
  package let items: [JinjaValue]
  /// The names of the places, for the pairs that `groupby` makes.
  let fields: [String]
  let nesting: Int

  package init(_ items: [JinjaValue], fields: [String] = []) {
    self.items = items
    self.fields = fields
    nesting = JinjaValue.nesting(around: items)
  }
}

/// What a dictionary finds its values by: equal keys of Python are equal here, so 1, 1.0 and True are one key.
enum PythonKey: Hashable {
  case none
  case integer(Int)
  case float(Double)
  case string(PythonString)
  case tuple([PythonKey])
  case undefined
  case object(ObjectIdentifier)
}

/// A dictionary in the order in which its keys were first written.
package final class PythonDict {
  package let keys: [JinjaValue]
  package let values: [JinjaValue]
  fileprivate let hashed: [PythonKey]
  /// Where each key is, for dictionaries that are too large to look through.
  fileprivate let places: [PythonKey: Int]?
  let nesting: Int

  fileprivate init(_ builder: Builder) {
    keys = builder.keys
    values = builder.values
    hashed = builder.hashed
    places = builder.places
    nesting = max(JinjaValue.nesting(around: builder.keys), JinjaValue.nesting(around: builder.values))
  }

  package var count: Int { keys.count }

  package subscript(name: PythonString) -> JinjaValue? { self[.string(name)] }

  subscript(key: PythonKey) -> JinjaValue? {
    if let places { return places[key].map { values[$0] } }
    for index in hashed.indices where hashed[index] == key { return values[index] }
    return nil
  }

  /// Collects entries.
  package struct Builder {
    fileprivate var keys: [JinjaValue] = []
    fileprivate var values: [JinjaValue] = []
    fileprivate var hashed: [PythonKey] = []
    fileprivate var places: [PythonKey: Int]?

    package init() {}

    package mutating func set(_ name: String, _ value: JinjaValue) {
      let text = PythonString(name)
      set(.string(text), .string(text), value)
    }

    mutating func set(_ key: PythonKey, _ original: JinjaValue, _ value: JinjaValue) {
      if let index = index(of: key) {
        values[index] = value
        return
      }
      keys.append(original)
      values.append(value)
      hashed.append(key)
      places?[key] = keys.count - 1
      if places == nil, keys.count > 12 {
        places = Dictionary(uniqueKeysWithValues: hashed.enumerated().map { ($1, $0) })
      }
    }

    mutating func merge(_ dict: PythonDict) {
      for index in dict.keys.indices { set(dict.hashed[index], dict.keys[index], dict.values[index]) }
    }

    private func index(of key: PythonKey) -> Int? { places.map { $0[key] } ?? hashed.firstIndex(of: key) }

    package var built: PythonDict { PythonDict(self) }
  }
}

extension PythonDict {
  /// The same entries with one of them replaced or added.
  package func setting(_ name: String, to value: JinjaValue) -> PythonDict {
    var builder = Builder()
    builder.merge(self)
    builder.set(name, value)
    return builder.built
  }
}

extension JinjaValue {
  static func nesting(around items: [JinjaValue]) -> Int {
    var deepest = 0
    for item in items { deepest = max(deepest, item.nesting) }
    return deepest + 1
  }

  /// The value as a key of a dictionary.
  ///
  /// - Throws: Python's error for what cannot be one.
  func key(_ budget: Budget) throws -> PythonKey {
    try budget.step()
    switch self {
    case .undefined: return .undefined
    case .none: return .none
    case .bool(let value): return .integer(value ? 1 : 0)
    case .int(let value): return .integer(value)
    case .float(let value): return Int(exactly: value).map(PythonKey.integer) ?? .float(value)
    case .string(let text), .markup(let text): return .string(text)
    case .tuple(let tuple): return .tuple(try tuple.items.map { try $0.key(budget) })
    case .object(let object): return .object(ObjectIdentifier(object))
    case .list, .dict: throw JinjaError(.runtime, "unhashable type: '\(typeName)'")
    }
  }
}
