import Foundation

/// JSON as it goes over the wire: keys in `snake_case`, sorted.
package enum WireJSON {
  package static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// An event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).
  package static func event(_ data: String) -> String { "data: \(data)\n\n" }

  /// The last event of a stream, in OpenAI's way.
  package static let lastEvent = event("[DONE]")
}
