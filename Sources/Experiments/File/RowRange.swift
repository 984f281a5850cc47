/// Rows of a data set by number, both ends included, counted from 0 and written `9700-10199`.
package struct RowRange: Sendable, Equatable, Encodable, LosslessStringConvertible {
  package let first: Int
  package let last: Int

  package init?(_ description: String) {
    let ends = description.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first else { return nil }
    (self.first, self.last) = (first, last)
  }

  package var description: String { "\(first)-\(last)" }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
