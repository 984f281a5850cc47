import Experiments
import Foundation
import Foundations

/// The secret without which nothing is served.
package struct AccessToken: Sendable {
  /// 24 random bytes, in the alphabet of base64url.
  private static let bytes = 24
  /// 22 characters of 6 bits hold 128.
  package static let shortest = 22
  let text: String

  /// From the system's source of randomness.
  package init() {
    var generator = SystemRandomNumberGenerator()
    let random = (0..<Self.bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    text = Data(random).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
  }

  /// One that was chosen: at least 22 letters, digits, hyphens and underscores.
  package init(_ text: String) throws(TelltaleError) {
    let isPlain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
    }
    guard isPlain, (Self.shortest...200).contains(text.utf8.count) else {
      throw TelltaleError(
        .badInput, "a token has \(Self.shortest) to 200 letters, digits, hyphens and underscores; choose them at random"
      )
    }
    self.text = text
  }

  /// Takes as long for a token that differs in its first character as for one that differs in its last.
  func isEqual(to other: some StringProtocol) -> Bool {
    let (own, given) = (Array(text.utf8), Array(other.utf8.prefix(1_000)))
    var difference = UInt(own.count ^ given.count)
    for index in own.indices { difference |= UInt(own[index] ^ (index < given.count ? given[index] : 0)) }
    return difference == 0
  }
}
