import Foundation

/// Named columns of values, for rows of any kind: written as CSV, or encoded as a JSON list of objects.
package struct TableValues: Encodable, Sendable {
  package struct Column: Sendable {
    package var name: String
    package var kind: TableKind
    package var help: String

    package init(_ name: String, _ kind: TableKind = .text, help: String = "") {
      (self.name, self.kind, self.help) = (name, kind, help)
    }
  }

  package var columns: [Column]
  package var rows: [[TableValue]]

  package init(_ columns: [Column], rows: [[TableValue]] = []) { (self.columns, self.rows) = (columns, rows) }

  package var header: [String] { columns.map(\.name) }

  package var csv: String { CSVWriter.text(header: header, rows: rows.map { $0.map(\.field) }) }

  package func write(to url: URL) throws { try AtomicFile.write(Data(csv.utf8), to: url) }

  /// What a person reads: rounded, without columns that are empty in every row.
  package var shown: (columns: [String], rows: [[String]]) {
    let filled = columns.indices.filter { index in !rows.allSatisfy { $0[index].shown.isEmpty } }
    return (filled.map { columns[$0].name }, rows.map { row in filled.map { row[$0].shown } })
  }

  package func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for row in rows { try list.encode(TableObject(columns: header, values: row)) }
  }
}

/// One row of a table as an object: every column is there, null where it is undefined.
package struct TableObject: Encodable, Sendable {
  let columns: [String]
  let values: [TableValue]

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Name.self)
    for (name, value) in zip(columns, values) { try object.encode(value, forKey: Name(name)) }
  }
}
