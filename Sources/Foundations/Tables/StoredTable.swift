/// A table read back from its file: its fields as the declaration types them, asked for by the names of their columns.
package struct StoredTable: Sendable {
  package struct Row: Sendable {
    fileprivate let values: [TableValue]
    fileprivate let places: [String: Int]

    /// The value in a column; a name that the table does not declare is the caller's mistake.
    package func value(_ column: String) -> TableValue {
      guard let place = places[column] else { preconditionFailure("no column \"\(column)\" is declared") }
      return values[place]
    }

    /// As text; empty where it is undefined.
    package subscript(_ column: String) -> String { value(column).field }

    package func number(_ column: String) -> Double? { value(column).number }

    package func integer(_ column: String) -> Int? {
      if case .integer(let value) = value(column) { value } else { nil }
    }
  }

  package let header: [String]
  package let rows: [Row]

  package init(_ header: [String], _ rows: [[TableValue]]) {
    let places = Dictionary(uniqueKeysWithValues: header.enumerated().map { ($0.element, $0.offset) })
    (self.header, self.rows) = (header, rows.map { Row(values: $0, places: places) })
  }
}
