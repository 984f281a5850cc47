import Foundations
import Steering

/// A table inside the page: what a figure shows, for readers of numbers and as CSV.
struct DataTable: Encodable {
  var columns: [String]
  var rows: [[TableValue]]
}

extension StoredTable {
  /// Some columns of some rows, ready to be seen.
  func table(_ columns: [String], of chosen: [Row]? = nil) -> DataTable {
    DataTable(columns: columns, rows: (chosen ?? rows).map { row in columns.map { row.value($0).visible } })
  }
}

extension TableValue {
  fileprivate var visible: TableValue {
    guard number == nil else { return self }
    return .text(field.isEmpty ? nil : SafeText.visible(field, limit: 400))
  }
}
