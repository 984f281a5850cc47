import Foundation

/// What one cell of a table holds; nil is undefined: an empty field, JSON null.
package enum TableValue: Sendable, Equatable {
  case text(String?)
  case integer(Int?)
  case number(Double?)

  /// Every digit, as files hold it.
  package var field: String {
    switch self {
    case .text(let text): text ?? ""
    case .integer(let value): value.map(String.init) ?? ""
    case .number(let value): value.map { "\($0)" } ?? ""
    }
  }

  /// Four significant digits, as a person reads it.
  package var shown: String {
    guard case .number(let value) = self else { return field }
    return value.map { String(format: "%.4g", $0) } ?? ""
  }
}

/// One column of a table, declared once: every output and the reference page of result columns come from it.
package struct TableColumn<Row: Sendable>: Sendable {
  package enum Kind: String, Sendable { case text, integer, number }

  package let name: String
  package let kind: Kind
  /// Of what the numbers count or measure, where it is not plain: `tokens`, `nats`, `0 to 1`.
  package let unit: String?
  /// What the column holds, in one line.
  package let help: String
  package let value: @Sendable (Row) -> TableValue

  package static func text(
    _ name: String, _ help: String, _ value: @escaping @Sendable (Row) -> String?
  ) -> TableColumn {
    TableColumn(name: name, kind: .text, unit: nil, help: help) { .text(value($0)) }
  }

  package static func integer(
    _ name: String, _ help: String, unit: String? = nil, _ value: @escaping @Sendable (Row) -> Int?
  ) -> TableColumn {
    TableColumn(name: name, kind: .integer, unit: unit, help: help) { .integer(value($0)) }
  }

  package static func number(
    _ name: String, _ help: String, unit: String? = nil, _ value: @escaping @Sendable (Row) -> Double?
  ) -> TableColumn {
    TableColumn(name: name, kind: .number, unit: unit, help: help) { .number(value($0)) }
  }

  /// The columns of another kind of row that this one holds: empty where it holds none.
  package static func of<Part: Sendable>(
    _ columns: [TableColumn<Part>], prefix: String = "", suffix: String = "", _ part: @escaping @Sendable (Row) -> Part?
  ) -> [TableColumn] {
    columns.map { column in
      TableColumn<Row>(
        name: prefix + column.name + suffix, kind: Kind(rawValue: column.kind.rawValue) ?? .text, unit: column.unit,
        help: column.help,
        value: { part($0).map(column.value) ?? .text(nil) })
    }
  }
}

/// A table declared by its columns: what turns rows into CSV, JSON and lines of a terminal.
package struct Table<Row: Sendable>: Sendable {
  /// What its file is called without extension, and what the reference page calls it.
  package let name: String
  /// What one row is, in one sentence.
  package let help: String
  package let columns: [TableColumn<Row>]

  package init(_ name: String, _ help: String, _ columns: [TableColumn<Row>]) {
    (self.name, self.help, self.columns) = (name, help, columns)
  }

  package var header: [String] { columns.map(\.name) }

  package func csv(_ rows: [Row]) -> String { values(rows).csv }

  package func cells(_ row: Row) -> [TableValue] { columns.map { $0.value(row) } }

  /// The rows without what they are rows of: for a terminal, a page, JSON.
  package func values(_ rows: [Row]) -> TableValues { TableValues(header, rows: rows.map(cells)) }

  /// The table's part of the reference page: a heading, a sentence, and a line for each column.
  package var reference: String {
    let lines = columns.map { column in
      "| `\(column.name)` | \(column.kind.rawValue)\(column.unit.map { ", \($0)" } ?? "") | \(column.help) |"
    }
    return (["## \(name).csv", "", help, "", "| column | type | what it holds |", "|---|---|---|"] + lines)
      .joined(separator: "\n") + "\n"
  }
}
