/// One column of a table, declared once: every output and the reference page of result columns come from it.
package struct TableColumn<Row: Sendable>: Sendable {
  package typealias Kind = TableKind

  package let name: String
  package let kind: TableKind
  /// Of what the numbers count or measure, where it is not plain: `tokens`, `nats`, `0 to 1`.
  package var unit: String?
  /// What the column holds, in one line.
  package let help: String
  /// Whether it is an end of the interval of the column before it.
  package var isEnd = false
  package let value: @Sendable (Row) -> TableValue

  package static func text(
    _ name: String, _ help: String = "", _ value: @escaping @Sendable (Row) -> String?
  ) -> TableColumn {
    TableColumn(name: name, kind: .text, help: help) { .text(value($0)) }
  }

  package static func integer(
    _ name: String, _ help: String = "", unit: String? = nil, _ value: @escaping @Sendable (Row) -> Int?
  ) -> TableColumn {
    TableColumn(name: name, kind: .integer, unit: unit, help: help) { .integer(value($0)) }
  }

  package static func number(
    _ name: String, _ help: String = "", unit: String? = nil, _ value: @escaping @Sendable (Row) -> Double?
  ) -> TableColumn {
    TableColumn(name: name, kind: .number, unit: unit, help: help) { .number(value($0)) }
  }

  package static func list(
    _ name: String, _ help: String = "", _ value: @escaping @Sendable (Row) -> [String]
  ) -> TableColumn {
    TableColumn(name: name, kind: .list, help: help) { .list(value($0)) }
  }
}

/// What a column's fields are.
package enum TableKind: String, Sendable {
  case text, integer, number, list

  /// A field of a file; nil where it is not of this kind. Undefined where it is empty.
  func value(_ field: String) -> TableValue? {
    switch self {
    case .text: return .text(field)
    case .list: return .list(field.isEmpty ? [] : [field])
    case .integer: return field.isEmpty ? .integer(nil) : Int(field).map { .integer($0) }
    case .number: return field.isEmpty ? .number(nil) : Double(field).map { .number($0) }
    }
  }

  var undefined: TableValue {
    switch self {
    case .text: .text(nil)
    case .integer: .integer(nil)
    case .number: .number(nil)
    case .list: .list([])
    }
  }
}

extension Array {
  /// The columns of another kind of row that this one holds: empty where it holds none.
  package static func of<Row, Part>(
    _ columns: [TableColumn<Part>], prefix: String = "", suffix: String = "", about: String = "",
    _ part: @escaping @Sendable (Row) -> Part?
  ) -> [TableColumn<Row>] where Element == TableColumn<Row> {
    columns.map { column in
      TableColumn(
        name: prefix + column.name + suffix, kind: column.kind, unit: column.unit, help: about + column.help,
        isEnd: column.isEnd, value: { part($0).map(column.value) ?? column.kind.undefined })
    }
  }

  /// A number with the ends of its 95 % interval: three columns.
  package static func estimate<Row>(
    _ name: String, _ help: String, unit: String? = nil, value: @escaping @Sendable (Row) -> Double?,
    low: @escaping @Sendable (Row) -> Double?, high: @escaping @Sendable (Row) -> Double?
  ) -> [TableColumn<Row>] where Element == TableColumn<Row> {
    var ends: [TableColumn<Row>] = [
      .number("\(name)_low", "Lower end of the 95 % interval of `\(name)`; empty where none is defined.", low),
      .number("\(name)_high", "Upper end of that interval.", high),
    ]
    for index in ends.indices { ends[index].isEnd = true }
    return [.number(name, help, unit: unit, value)] + ends
  }
}
