import Foundations
import Steering

/// A table inside the page: what a figure shows, for readers of numbers and as CSV.
struct DataTable: Encodable {
  enum Cell: Encodable, Equatable {
    case number(Double)
    case text(String)
    case nothing

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      case .nothing: try container.encodeNil()
      }
    }

    init(_ number: Double?) { self = number.map { $0.isFinite ? .number($0) : .nothing } ?? .nothing }
  }

  var columns: [String]
  var rows: [[Cell]]
}

/// Rows of a stored table whose fields are asked for by the names of their columns.
struct NamedRows {
  struct Row {
    fileprivate let fields: [String]
    fileprivate let places: [String: Int]

    /// Empty where the table has no such column.
    subscript(_ column: String) -> String { places[column].map { fields[$0] } ?? "" }

    /// Nil for an empty field.
    func number(_ column: String) -> Double? { Double(self[column]) }
  }

  let header: [String]
  let rows: [Row]

  init(_ table: CSVTable?) {
    header = table?.header ?? []
    let places = Dictionary(uniqueKeysWithValues: header.enumerated().map { ($0.element, $0.offset) })
    rows = table?.rows.map { Row(fields: $0.fields, places: places) } ?? []
  }

  /// Some columns of some rows; numbers where a field is one.
  func table(_ columns: [String], of chosen: [Row]? = nil) -> DataTable {
    DataTable(
      columns: columns,
      rows: (chosen ?? rows).map { row in
        columns.map { column in
          let field = row[column]
          if field.isEmpty { return .nothing }
          return Double(field).map { DataTable.Cell($0) } ?? .text(SafeText.visible(field, limit: 400))
        }
      })
  }
}
