import Foundation
import LanguageModels
import Steering

/// The name of a model in a run: the last part of its path or id, unless another model ends alike.
package typealias ModelName = RunName<LanguageModel>
/// The name of a vector in a run, as its experiment file gives it.
package typealias VectorName = RunName<SteeringVectors>
/// The name of a data set whose answers a run records.
package typealias TargetName = RunName<Recording>

/// A name in a run, which tables show as it is and `RunLayout` makes a file's. The kind keeps a vector's from being taken for a
/// model's; it is a plain string in JSON.
package struct RunName<Kind>: Hashable, Comparable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func < (first: Self, second: Self) -> Bool { first.text < second.text }

  /// As one part of a path: every character that is not an ASCII letter, digit or one of `-_+=@,` and a point at the beginning are written
  /// `%XX`, so that no two names share a file and none leaves its folder.
  var fileName: String {
    let escaped = text.addingPercentEncoding(withAllowedCharacters: Self.harmless) ?? ""
    return escaped.hasPrefix(".") ? "%2E" + escaped.dropFirst() : escaped
  }

  private static var harmless: CharacterSet {
    CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+=@,.")
  }
}

extension RunName: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension RunName: ExpressibleByStringLiteral, LosslessStringConvertible {
  package init(stringLiteral text: String) { self.init(text) }

  package var description: String { text }
}
