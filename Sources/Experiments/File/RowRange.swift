/// Rows of a data set by number, both ends included, counted from 0 and written `9700-10199`.
public struct RowRange: Sendable, Equatable, Encodable, LosslessStringConvertible {
  public let first: Int
  public let last: Int

  public init?(_ description: String) {
    let ends = description.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first else { return nil }
    (self.first, self.last) = (first, last)
  }

  public var description: String { "\(first)-\(last)" }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
