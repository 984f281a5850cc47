/// A value of a template, as Python has it.
package enum JinjaValue {
  case undefined(Undefined)
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(PythonString)
  /// Text that counts as escaped HTML: what the filters `safe` and `escape` give.
  case markup(PythonString)
  case list(PythonList)
  case tuple(PythonTuple)
  case dict(PythonDict)
  case object(TemplateObject)

  package static func string(_ string: String) -> JinjaValue { .string(PythonString(string)) }

  package static func list(_ items: [JinjaValue]) -> JinjaValue { .list(PythonList(items)) }

  static func tuple(_ items: [JinjaValue]) -> JinjaValue { .tuple(PythonTuple(items)) }

  /// A dictionary in the given order; a later value replaces an earlier one of the same name.
  package static func dict(_ entries: [(String, JinjaValue)]) -> JinjaValue {
    var dict = PythonDict.Builder()
    for (name, value) in entries { dict.set(.string(PythonString(name)), .string(name), value) }
    return .dict(dict.built)
  }
}

extension JinjaValue {
  /// The name that Python's messages give to the type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "str"
    case .markup: "Markup"
    case .list: "list"
    case .tuple: "tuple"
    case .dict: "dict"
    case .object(let object): object.typeName
    }
  }

  /// How Jinja names the owner of an attribute that does not exist.
  var ownerName: String {
    switch self {
    case .none: "None"
    case .markup: "markupsafe.Markup object"
    case .object(let object): object.qualifiedTypeName + " object"
    default: typeName + " object"
    }
  }

  /// How many containers lie inside one another.
  var nesting: Int {
    switch self {
    case .list(let list): list.nesting
    case .tuple(let tuple): tuple.nesting
    case .dict(let dict): dict.nesting
    case .object(let object): object.nesting
    default: 0
    }
  }

  /// Python's `bool(value)`.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let text), .markup(let text): !text.isEmpty
    case .list(let list): !list.items.isEmpty
    case .tuple(let tuple): !tuple.items.isEmpty
    case .dict(let dict): dict.count > 0
    case .object(let object): object.isTrue
    }
  }

  /// The text of a string or of markup.
  var text: PythonString? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// The integer of an int or a bool.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The number of an int, a bool or a float.
  var number: Double? {
    if case .float(let value) = self { return value }
    return integer.map(Double.init)
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }

  var isNone: Bool {
    if case .none = self { true } else { false }
  }
}

/// What a name or an attribute that does not exist gives: it prints as nothing, and almost any other use is an error.
package final class Undefined {
  private enum Reason {
    case name(String)
    case attribute(owner: String, String)
    case element(owner: String, String)
    case hint(String)
    case unsafe(owner: String, String)
  }

  private let reason: Reason

  private init(_ reason: Reason) { self.reason = reason }

  static func name(_ name: String) -> JinjaValue { .undefined(Undefined(.name(name))) }

  static func hint(_ hint: String) -> JinjaValue { .undefined(Undefined(.hint(hint))) }

  static func attribute(_ name: PythonString, of owner: JinjaValue) -> JinjaValue {
    .undefined(Undefined(.attribute(owner: owner.ownerName, name.string)))
  }

  /// An element whose key or index is no text.
  static func element(_ printedKey: String, of owner: JinjaValue) -> JinjaValue {
    .undefined(Undefined(.element(owner: owner.ownerName, printedKey)))
  }

  /// What Jinja's sandbox keeps from templates: internals, and methods that change a list or a dict.
  static func unsafe(_ name: String, of owner: JinjaValue) -> JinjaValue {
    .undefined(Undefined(.unsafe(owner: owner.typeName, name)))
  }

  var message: String {
    switch reason {
    case .name(let name): "'\(name)' is undefined"
    case .attribute(let owner, let name): "'\(owner)' has no attribute '\(name)'"
    case .element(let owner, let key): "\(owner) has no element \(key)"
    case .hint(let hint): hint
    case .unsafe(let owner, let name): "access to attribute '\(name)' of '\(owner)' object is unsafe."
    }
  }

  var error: JinjaError { JinjaError(.runtime, message) }
}
