/// The file, and inside it the line or the named item (tensor, key, token), that an error is about.
public struct InputLocation: Sendable, Equatable, CustomStringConvertible {
  public var file: String
  /// Counted from 1, as editors count.
  public var line: Int?
  public var item: String?

  public init(file: String, line: Int? = nil, item: String? = nil) {
    self.file = file
    self.line = line
    self.item = item
  }

  public var description: String {
    let line = line.map { ":\($0)" } ?? ""
    let item = item.map { " (\($0))" } ?? ""
    return "\(file)\(line)\(item)"
  }
}

/// Text out of a file as a sentence can carry it: on one line and at most 80 characters long.
package func printable(_ text: some StringProtocol) -> String {
  let start = text.prefix(80)
  let escaped = start.unicodeScalars.map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
    default: String(scalar)
    }
  }
  return escaped.joined() + (start.endIndex < text.endIndex ? "..." : "")
}

/// What every target's error type has in common, so that one place decides how an error is shown and which exit code
/// it gets: one sentence that says what is wrong and how to remedy it, and where.
public protocol LocatedError: Error, Sendable, CustomStringConvertible {
  var message: String { get }
  var location: InputLocation? { get }
  /// True where the user can mend it (exit code 2), false for failures of ours or of the machine (exit code 1).
  var isBadInput: Bool { get }
}

extension LocatedError {
  public var description: String { location.map { "\($0): \(message)" } ?? message }
}
