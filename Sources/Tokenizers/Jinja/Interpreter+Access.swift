/// Attributes, elements and iteration.
extension Interpreter {
  /// `owner.name`: Python's attribute first, then the element of that name.
  func attribute(_ name: Name, of owner: JinjaValue) throws -> JinjaValue {
    switch owner {
    case .undefined(let undefined): throw undefined.error
    case .dict(let dict):
      if let method = try ownAttribute(name.string, of: owner) { return method }
      return dict[name.text] ?? Undefined.attribute(name.text, of: owner)
    default:
      if let value = try ownAttribute(name.string, of: owner) { return value }
      return Undefined.attribute(name.text, of: owner)
    }
  }

  /// What Python's `getattr` gives, through Jinja's sandbox; nil where there is no such attribute.
  func ownAttribute(_ name: String, of owner: JinjaValue) throws -> JinjaValue? {
    if let method = PythonMethod.find(name, of: owner) {
      return .object(Function(name, of: owner) { try method.call(name, on: owner, $0, $1) })
    }
    switch owner {
    case .object(let object):
      if let value = try object.attribute(name) { return value }
    case .tuple(let tuple):
      if let index = tuple.fields.firstIndex(of: name) { return tuple.items[index] }
    default: break
    }
    if PythonMethod.isUnsupported(name, owner) {
      throw JinjaError(.unsupported, "the method '\(name)' of \(owner.typeName) is not supported")
    }
    let isInternal = name.hasPrefix("__") && name.hasSuffix("__") && PythonMethod.internals.contains(name)
    return isInternal || PythonMethod.changes(name, owner) ? Undefined.unsafe(name, of: owner) : nil
  }

  /// `owner[key]`: the element first, then the attribute of that name.
  func item(_ key: JinjaValue, of owner: JinjaValue) throws -> JinjaValue {
    if case .undefined(let undefined) = owner { throw undefined.error }
    if let value = try element(key, of: owner) { return value }
    if let name = key.text {
      return try ownAttribute(name.string, of: owner) ?? Undefined.attribute(name, of: owner)
    }
    return Undefined.element(try PythonPrinter(budget).representation(key).string, of: owner)
  }

  private func element(_ key: JinjaValue, of owner: JinjaValue) throws -> JinjaValue? {
    switch owner {
    case .dict(let dict):
      // Python cannot hash a list: no element, as if it were not there.
      guard let key = try? key.key(budget) else { return nil }
      return dict[key]
    case .list(let list): return pick(key, list.items.count) { list.items[$0] }
    case .tuple(let tuple): return pick(key, tuple.items.count) { tuple.items[$0] }
    case .string(let text): return pick(key, text.count) { .string(text[$0..<$0 + 1]) }
    case .markup(let text): return pick(key, text.count) { .markup(text[$0..<$0 + 1]) }
    case .object(let object): return try object.item(key)
    default: return nil
    }
  }

  /// The element at an index, from the end for a negative one.
  private func pick(_ key: JinjaValue, _ count: Int, _ element: (Int) -> JinjaValue) -> JinjaValue? {
    guard let index = key.integer else { return nil }
    let place = index < 0 ? index + count : index
    return (0..<count).contains(place) ? element(place) : nil
  }

  /// `owner[start:stop:step]`.
  func slice(_ owner: JinjaValue, _ bounds: [JinjaValue?]) throws -> JinjaValue {
    func places(_ count: Int) throws -> [Int] {
      try budget.make(count)
      return try SliceBounds(bounds).places(count)
    }
    switch owner {
    case .undefined(let undefined): throw undefined.error
    case .string(let text): return .string(PythonString(try places(text.count).map { text.scalars[$0] }))
    case .markup(let text): return .markup(PythonString(try places(text.count).map { text.scalars[$0] }))
    case .list(let list): return .list(try places(list.items.count).map { list.items[$0] })
    case .tuple(let tuple): return .tuple(try places(tuple.items.count).map { tuple.items[$0] })
    case .object(let object):
      guard let range = object as? PythonRange else { break }
      let places = try places(range.items.count)
      let step = try SliceBounds(bounds).step * range.step
      let start = places.first.map { range.start + $0 * range.step } ?? range.start
      return .object(try PythonRange(start: start, stop: start + places.count * step, step: step))
    default: break
    }
    throw JinjaError(.runtime, "'\(owner.typeName)' object is not subscriptable")
  }

  /// The elements of a value one by one.
  ///
  /// - Parameter orNil: whether what cannot be iterated gives nil in place of Python's error.
  func iterator(of value: JinjaValue, orNil: Bool = false) throws -> ValueIterator? {
    switch value {
    case .undefined: return ValueIterator([])
    case .list(let list): return ValueIterator(list.items)
    case .tuple(let tuple): return ValueIterator(tuple.items)
    case .dict(let dict): return ValueIterator(dict.keys)
    case .string(let text), .markup(let text):
      var index = 0
      return ValueIterator {
        guard index < text.count else { return nil }
        index += 1
        return .string(text[index - 1..<index])
      }
    case .object(let object): if let iterator = object.iterator() { return iterator }
    default: break
    }
    if orNil { return nil }
    throw JinjaError(.runtime, "'\(value.typeName)' object is not iterable")
  }

  /// The elements of a value as an array.
  func elements(of value: JinjaValue) throws -> [JinjaValue] {
    switch value {
    case .list(let list): return list.items
    case .tuple(let tuple): return tuple.items
    default: break
    }
    var items: [JinjaValue] = []
    let iterator = try iterator(of: value)
    while let item = try iterator?.next() {
      try budget.step()
      items.append(item)
    }
    return items
  }

  /// Python's `len`.
  func length(of value: JinjaValue) throws -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text), .markup(let text): return text.count
    case .list(let list): return list.items.count
    case .tuple(let tuple): return tuple.items.count
    case .dict(let dict): return dict.count
    case .object(let object): if let count = object.count { return count }
    default: break
    }
    throw JinjaError(.runtime, "object of type '\(value.typeName)' has no len()")
  }
}

/// The bounds of a slice, as Python takes them.
struct SliceBounds {
  private let start: Int?
  private let stop: Int?
  let step: Int

  init(_ bounds: [JinjaValue?]) throws {
    start = try Self.bound(bounds[0])
    stop = try Self.bound(bounds[1])
    step = try Self.bound(bounds[2]) ?? 1
    guard step != 0 else { throw JinjaError(.runtime, "slice step cannot be zero") }
  }

  private static func bound(_ value: JinjaValue?) throws -> Int? {
    guard let value, !value.isNone else { return nil }
    guard let integer = value.integer else {
      throw JinjaError(.runtime, "slice indices must be integers or None or have an __index__ method")
    }
    // No text is longer, and sums of these do not overflow.
    return min(max(integer, -(1 << 40)), 1 << 40)
  }

  /// The indices that the slice takes from a sequence.
  func places(_ count: Int) -> [Int] {
    let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
    func clamped(_ bound: Int) -> Int { min(max(bound < 0 ? bound + count : bound, lowest), highest) }
    let first = start.map(clamped) ?? (step > 0 ? lowest : highest)
    let end = stop.map(clamped) ?? (step > 0 ? highest : lowest)
    return Array(stride(from: first, to: end, by: step))
  }
}
