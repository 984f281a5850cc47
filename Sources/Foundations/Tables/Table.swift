/// A table declared by its columns: what turns rows into CSV, JSON, lines of a terminal and pages, and a file back into
/// rows.
package struct Table<Row: Sendable>: Sendable {
  /// What its file is called without extension, and what the reference page calls it.
  package let name: String
  /// What one row is, in one sentence.
  package let help: String
  package let columns: [TableColumn<Row>]

  package init(_ name: String, _ help: String = "", _ columns: [TableColumn<Row>]...) {
    (self.name, self.help, self.columns) = (name, help, columns.flatMap { $0 })
  }

  package var header: [String] { columns.map(\.name) }

  package func csv(_ rows: [Row]) -> String { values(rows).csv }

  /// The rows without what they are rows of: for a terminal, a page, JSON.
  package func values(_ rows: [Row]) -> TableValues {
    TableValues(columns.map { .init($0.name, $0.kind, help: $0.help) }, rows: rows.map(cells))
  }

  /// One row by the names of its columns.
  package func object(_ row: Row) -> TableObject { TableObject(columns: header, values: cells(row)) }

  private func cells(_ row: Row) -> [TableValue] { columns.map { $0.value(row) } }

  /// The same rows with these columns, in this order.
  package func only(_ names: [String]) -> Table {
    Table(name, help, names.compactMap { name in columns.first { $0.name == name } })
  }

  package func without(_ names: Set<String>) -> Table { Table(name, help, columns.filter { !names.contains($0.name) }) }

  /// As a person reads it: each number with its interval in one cell, `0.791 [0.739, 0.835]`.
  package var brief: Table {
    let shown = columns.indices.filter { !columns[$0].isEnd }.map { index -> TableColumn<Row> in
      let (column, ends) = (columns[index], columns[(index + 1)...].prefix(while: \.isEnd).map(\.value))
      guard ends.count == 2 else { return column }
      return TableColumn(name: column.name, kind: column.kind, unit: column.unit, help: column.help) {
        .text(ShownNumber.text(column.value($0).number, ends[0]($0).number, ends[1]($0).number))
      }
    }
    return Table(name, help, shown)
  }
}

/// The declaration of a table, without the type of its rows.
package protocol TableDeclaration: Sendable {
  var name: String { get }
  /// Its part of the reference page: what a row is, and a line for each column.
  var reference: String { get }
  /// A file of it, read back.
  ///
  /// - Throws: `TelltaleError` where it is another table, or naming the field that is not of its column's kind.
  func read(_ file: CSVTable) throws(TelltaleError) -> StoredTable
  /// Without rows.
  var empty: StoredTable { get }
}

extension Table: TableDeclaration {
  package var reference: String {
    let lines = columns.map { column in
      "| `\(column.name)` | \(column.kind.rawValue)\(column.unit.map { ", \($0)" } ?? "") | \(column.help) |"
    }
    return ([help, "", "| column | type | what it holds |", "|---|---|---|"] + lines).joined(separator: "\n") + "\n"
  }

  package var empty: StoredTable { StoredTable(header, []) }

  package func read(_ file: CSVTable) throws(TelltaleError) -> StoredTable {
    if let first = columns.first { _ = try file.column(first.name) }
    var rows = [[TableValue]](repeating: [], count: file.rows.count)
    for column in columns {
      for (index, value) in try column.read(file).enumerated() { rows[index].append(value) }
    }
    return StoredTable(header, rows)
  }
}

extension TableColumn {
  /// Its values in a file; undefined in one that was written before there was such a column.
  fileprivate func read(_ file: CSVTable) throws(TelltaleError) -> [TableValue] {
    guard let fields = file.columnIfPresent(name)?.strings else { return file.rows.map { _ in kind.undefined } }
    var values: [TableValue] = []
    for (row, field) in zip(file.rows, fields) {
      guard let value = kind.value(field) else {
        let place = InputLocation(file: file.file, line: row.line, item: "column \(name)")
        throw TelltaleError(.badInput, "\"\(field.prefix(40))\" is no \(kind); compute the table again", at: place)
      }
      values.append(value)
    }
    return values
  }
}
