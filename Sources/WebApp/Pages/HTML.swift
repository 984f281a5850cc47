import Foundations

/// Markup. Only literals of this program are ever markup: every text put into them is escaped, so that what a model or a
/// data set says is shown and never interpreted. Attribute values are always quoted in literals.
struct HTML: ExpressibleByStringInterpolation, Sendable {
  let markup: String

  init(stringLiteral literal: String) { markup = literal }
  init(stringInterpolation interpolation: StringInterpolation) { markup = interpolation.markup }

  struct StringInterpolation: StringInterpolationProtocol {
    var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }
    mutating func appendLiteral(_ literal: String) { markup += literal }
    mutating func appendInterpolation(_ text: String) { markup += escaped(SafeText.visible(text)) }
    mutating func appendInterpolation(_ number: Int) { markup += "\(number)" }
    mutating func appendInterpolation(_ html: HTML) { markup += html.markup }
    mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }

    private func escaped(_ text: String) -> String {
      var result = ""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result
    }
  }
}
