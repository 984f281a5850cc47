import Foundation
import Foundations
import Steering
import Torch

/// What a rater may be called on the grading page.
package enum RaterName {
  /// Labels that settle a disagreement carry this name; nobody grades under it.
  package static let adjudicated = LabelChoice.adjudicated
  package static let longest = 40

  /// The name without spaces around it: 1 to 40 letters, digits, spaces, points, hyphens and underscores.
  package static func checked(_ text: String, at place: InputLocation? = nil) throws(TelltaleError) -> String {
    let name = text.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
    let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || " ._-".contains($0) }
    guard (1...longest).contains(name.count), name.utf8.count <= 4 * longest, isPlain else {
      throw TelltaleError(
        .badInput, "a rater's name has 1 to \(longest) letters, digits, spaces, points, hyphens or underscores",
        at: place)
    }
    return name
  }

  /// A name in a table of labels, where a judge (`judge:<name>`) may be one too.
  static func imported(_ text: String, at place: InputLocation?) throws(TelltaleError) -> String {
    guard text.hasPrefix(HandLabel.judgePrefix) else { return try checked(text, at: place) }
    guard text.count <= 200, LabelSource(text) != nil,
      SafeText.quoted(text) == text.prefix(80) + (text.count > 80 ? "..." : "")
    else { throw TelltaleError(.badInput, "\"\(SafeText.quoted(text))\" is no judge; judge:<name> is", at: place) }
    return text
  }

  /// The name of somebody who grades.
  package static func grading(_ text: String) throws(TelltaleError) -> String {
    let name = try checked(text)
    guard name.lowercased() != adjudicated else {
      throw TelltaleError(.badInput, "\(adjudicated) is the name of settled disagreements; grade under another name")
    }
    return name
  }
}
