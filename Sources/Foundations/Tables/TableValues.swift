import Foundation

/// Named columns of values, for rows of any kind: written as CSV, or encoded as a JSON list of objects.
package struct TableValues: Encodable, Sendable {
  package var columns: [String]
  package var rows: [[TableValue]]

  package init(_ columns: [String], rows: [[TableValue]] = []) { (self.columns, self.rows) = (columns, rows) }

  package var csv: String { CSVWriter.text(header: columns, rows: rows.map { $0.map(\.field) }) }

  package func write(to url: URL) throws { try AtomicFile.write(Data(csv.utf8), to: url) }

  /// What a person reads: rounded, without columns that are empty in every row.
  package var shown: (columns: [String], rows: [[String]]) {
    let filled = columns.indices.filter { index in !rows.allSatisfy { $0[index].shown.isEmpty } }
    return (filled.map { columns[$0] }, rows.map { row in filled.map { row[$0].shown } })
  }

  private struct Column: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for row in rows {
      var object = list.nestedContainer(keyedBy: Column.self)
      for (name, value) in zip(columns, row) {
        switch value {
        case .text(let text): try object.encode(text, forKey: Column(name))
        case .integer(let value): try object.encode(value, forKey: Column(name))
        // JSON has no NaN or infinity.
        case .number(let value): try object.encode(value.flatMap { $0.isFinite ? $0 : nil }, forKey: Column(name))
        }
      }
    }
  }
}
