/// An optional that is encoded as null when it is nil, so that every document has the same keys.
///
/// Synthesised encoding omits nil, so a reader could not tell an undefined number from one that was not computed.
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
