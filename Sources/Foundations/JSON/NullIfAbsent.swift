/// An optional that JSON states as null where it is nil, so that a document has the same keys whatever was found.
///
/// Synthesised encoding leaves nil out, and a reader cannot tell a number that is undefined from one that was not looked for.
@propertyWrapper
public struct NullIfAbsent<Value> {
  public var wrappedValue: Value?

  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }
}

extension NullIfAbsent: Sendable where Value: Sendable {}
extension NullIfAbsent: Equatable where Value: Equatable {}

extension NullIfAbsent: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}

extension NullIfAbsent: Decodable where Value: Decodable {
  public init(from decoder: any Decoder) throws {
    wrappedValue = try decoder.singleValueContainer().decode(Value?.self)
  }
}

extension KeyedDecodingContainer {
  /// Documents without the key are read too.
  public func decode<Value: Decodable>(_ type: NullIfAbsent<Value>.Type, forKey key: Key) throws -> NullIfAbsent<Value>
  {
    NullIfAbsent(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
  }
}
