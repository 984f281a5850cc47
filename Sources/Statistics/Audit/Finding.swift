/// One thing the audit found: a number and what it means.
public struct Finding: Sendable, Equatable, Codable {
  /// What a finding does to the verdict, the gravest first.
  public enum Severity: String, Sendable, Comparable, CaseIterable, Codable {
    /// The data cannot answer: the verdict is `cannotTell`.
    case blocking
    /// The evidence fails here: without a blocking finding no claim that it concerns is supported.
    case against
    /// Doubtful, but decides nothing.
    case warning
    /// The evidence holds here.
    case inFavour
    /// For information.
    case note

    public static func < (a: Severity, b: Severity) -> Bool { a.order < b.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  public let severity: Severity
  /// A stable name for tables and tests, e.g. "label explained by group".
  public let name: String
  public let number: Double?
  /// A plain sentence with its numbers.
  public let sentence: String

  public init(severity: Severity, name: String, number: Double?, sentence: String) {
    (self.severity, self.name, self.number, self.sentence) = (severity, name, number, sentence)
  }
}
