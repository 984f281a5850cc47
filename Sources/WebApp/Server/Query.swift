import Foundation
import Hummingbird

/// The part of an address after `?`, as forms send it.
struct Query {
  private let fields: [(name: String, value: String)]

  init(_ request: Request) {
    fields = (request.uri.query ?? "").split(separator: "&").prefix(200).map { part in
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decoded(pair[0]), pair.count > 1 ? Self.decoded(pair[1]) : "")
    }
  }

  subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  private static func decoded(_ text: Substring) -> String {
    text.replacing("+", with: " ").removingPercentEncoding ?? ""
  }

  /// A query of these fields, for links.
  static func text(_ fields: [(String, String)]) -> String {
    fields.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
  }

  /// Every character that could mean anything in an address is encoded.
  static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.intersection(.init(charactersIn: "!"..."~"))) ?? ""
  }
}
