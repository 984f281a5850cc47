import Foundations

/// An object of a request and where it stands in it: reads members by name, and refuses what is not as it must be.
struct RequestMembers {
  private let members: [JSONMember]
  /// What stands before a member's name in messages: "" for the body itself, `telltale.` for an object in it.
  private let prefix: String

  init(_ value: JSONValue, at place: String = "") throws(EndpointError) {
    guard let members = value.object else {
      throw place.isEmpty
        ? EndpointError(400, "the body must be a JSON object, not \(value.kind)")
        : .parameter(place, "an object, not \(value.kind)", code: "invalid_type")
    }
    self.members = members
    prefix = place.isEmpty ? "" : place + "."
  }

  /// The body of a request.
  static func body(_ bytes: [UInt8]) throws(EndpointError) -> RequestMembers {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw EndpointError(400, "the body is not UTF-8") }
    let value: JSONValue
    do { value = try JSONParser.parse(bytes) } catch {
      throw EndpointError(400, "the body is not JSON: \(error.message) (byte \(error.position))", code: "invalid_json")
    }
    return try RequestMembers(value)
  }

  /// A member that is there and not null.
  subscript(_ name: String) -> JSONValue? {
    let key = UTF8Text(name)
    guard let value = members.last(where: { $0.key == key })?.value, !value.isNull else { return nil }
    return value
  }

  func place(_ name: String) -> String { prefix + name }

  /// Refuses members that are neither known nor harmless: one that is not looked at would be a choice that nobody made.
  ///
  /// - Parameter neutral: members that are not supported, with what they may be: the value that changes nothing.
  func allow(
    _ known: Set<String>, harmless: Set<String> = [], neutral: [String: @Sendable (JSONValue) -> Bool] = [:]
  ) throws(EndpointError) {
    for member in members where !member.value.isNull {
      let name = member.key.string
      if known.contains(name) || harmless.contains(name) { continue }
      if let isNeutral = neutral[name] {
        guard !isNeutral(member.value) else { continue }
        throw EndpointError(
          400, "\(SafeText.quoted(place(name))) is not supported with this value; leave it out",
          code: "unsupported_value", parameter: place(name))
      }
      throw EndpointError(
        400,
        "\(SafeText.quoted(place(name))) is not a parameter of this endpoint, and could change the result; leave it out",
        code: "unknown_parameter", parameter: place(name))
    }
  }

  // MARK: Values

  func text(_ name: String) throws(EndpointError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else {
      throw .parameter(place(name), "a string, not \(value.kind)", code: "invalid_type")
    }
    return text
  }

  func needed(_ name: String) throws(EndpointError) -> String {
    guard let text = try text(name) else { throw .parameter(place(name), "given: a string", code: "missing") }
    return text
  }

  func flag(_ name: String) throws(EndpointError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard let flag = value.bool else {
      throw .parameter(place(name), "true or false, not \(value.kind)", code: "invalid_type")
    }
    return flag
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(EndpointError) -> Int? {
    guard let value = self[name] else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw .parameter(place(name), "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func number(_ name: String) throws(EndpointError) -> Double? {
    guard let value = self[name] else { return nil }
    guard let number = value.number, number.isFinite else { throw .parameter(place(name), "a number") }
    return number
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, of type: Choice.Type = Choice.self
  ) throws(EndpointError) -> Choice? where Choice.RawValue == String {
    guard let text = try text(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw .parameter(place(name), "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  /// A whole number, or a list of them.
  func integers(_ name: String, in range: Range<Int>) throws(EndpointError) -> [Int]? {
    guard let value = self[name] else { return nil }
    let values = value.array ?? [value]
    let numbers = values.compactMap(\.integer).filter(range.contains)
    guard numbers.count == values.count, !numbers.isEmpty else {
      throw .parameter(place(name), "a whole number from 0 to \(range.upperBound - 1), or a list of them")
    }
    return Set(numbers).sorted()
  }

  /// The objects of a list.
  func objects(_ name: String, atMost limit: Int) throws(EndpointError) -> [RequestMembers] {
    guard let value = self[name] else { return [] }
    guard let values = value.array, values.count <= limit else {
      throw .parameter(place(name), "a list of at most \(limit) objects")
    }
    var objects: [RequestMembers] = []
    for (index, value) in values.enumerated() {
      objects.append(try RequestMembers(value, at: "\(place(name))[\(index)]"))
    }
    return objects
  }

  func object(_ name: String) throws(EndpointError) -> RequestMembers? {
    guard let value = self[name] else { return nil }
    return try RequestMembers(value, at: place(name))
  }
}
