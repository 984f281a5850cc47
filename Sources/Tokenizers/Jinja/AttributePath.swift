/// What filters take as `attribute`: names and indices with dots between them, such as `"function.arguments.0"`.
struct AttributePath {
  private let parts: [JinjaValue]
  private let interpreter: Interpreter
  private let fallback: JinjaValue?

  /// - Parameter fallback: what stands for a part that does not exist.
  init(_ attribute: JinjaValue, _ interpreter: Interpreter, fallback: JinjaValue? = nil) throws {
    self.interpreter = interpreter
    self.fallback = fallback
    if attribute.isNone {
      parts = []
    } else if let text = attribute.text {
      parts = text.split(on: ".").map { part in
        let isIndex = !part.isEmpty && part.scalars.allSatisfy(\.isASCIIDigit)
        return isIndex ? .int(Int(part.string) ?? .max) : .string(part)
      }
    } else {
      parts = [attribute]
    }
  }

  /// The paths of a list with commas, such as `"age,name"`.
  static func several(_ attribute: JinjaValue, _ interpreter: Interpreter) throws -> [AttributePath] {
    guard let text = attribute.text else { return [try AttributePath(attribute, interpreter)] }
    return try text.split(on: ",").map { try AttributePath(.string($0), interpreter) }
  }

  func value(of item: JinjaValue) throws -> JinjaValue {
    var value = item
    for part in parts {
      value = try interpreter.item(part, of: value)
      if let fallback, value.isUndefined { value = fallback }
    }
    return value
  }
}

extension JinjaValue {
  /// Text in small letters, anything else as it is: what sorting goes by.
  var foldingCase: JinjaValue { text.map { .string($0.lowercased()) } ?? self }
}

extension Interpreter {
  /// The places of the keys in order; equal keys stay in theirs.
  func sortedPlaces(_ keys: [JinjaValue], isReversed: Bool = false) throws -> [Int] {
    let comparison = Comparison(budget)
    return try keys.indices.sorted { first, second in
      if try isReversed ? comparison.isLess(keys[second], keys[first]) : comparison.isLess(keys[first], keys[second]) {
        return true
      }
      return false
    }
  }

  /// The elements in reverse order.
  ///
  /// - Throws: for what Python's `reversed` does not take, such as a generator.
  func reversed(_ value: JinjaValue) throws -> [JinjaValue] {
    switch value {
    case .object(let object) where object.count == nil:
      throw JinjaError(.runtime, "'\(value.typeName)' object is not reversible")
    case .none, .bool, .int, .float: throw JinjaError(.runtime, "'\(value.typeName)' object is not reversible")
    default: return try elements(of: value).reversed()
    }
  }

  /// A pass over a value's elements that changes each, or leaves it out where `change` gives nil.
  func generator(
    over value: JinjaValue, _ change: @escaping (JinjaValue) throws -> JinjaValue?
  ) throws -> JinjaValue {
    guard let source = try iterator(of: value) else { return .object(Generator(ValueIterator([]))) }
    return .object(
      Generator(
        ValueIterator(nesting: source.nesting + 1) { [unowned self] in
          try nested {
            while let item = try source.next() {
              try budget.step()
              if let changed = try change(item) { return changed }
            }
            return nil
          }
        }))
  }
}
