/// Why a statistic could not be computed from its input: one sentence that names the row and the remedy.
///
/// Undefined measures (one class only, all scores tied, ...) are not errors: they are `nil`.
public struct StatisticsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of problem it is, for callers that want to react to it.
  public enum Code: String, Sendable, Equatable {
    case empty
    case tooLarge
    case lengthMismatch
    case invalidLabel
    case invalidValue
    case collinear
    case separated
    case notConverged
  }

  public let code: Code
  /// What is wrong and how to remedy it.
  public let message: String
  /// The row (counted from 0) that is to blame, where one is.
  public let row: Int?

  package init(_ code: Code, _ message: String, row: Int? = nil) {
    self.code = code
    self.message = message
    self.row = row
  }

  public var description: String { message }
}
