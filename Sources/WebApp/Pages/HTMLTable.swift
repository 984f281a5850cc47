import Foundation
import Foundations

extension HTML {
  /// A declared table on a page: numbers with their intervals in one cell, and what a column holds under its name.
  ///
  /// - Parameters:
  ///   - isCaptionHidden: where a heading says the same to those who see it.
  ///   - mark: whether a row is to stand out.
  static func table<Row>(
    _ caption: String, _ table: Table<Row>, _ rows: [Row], isCaptionHidden: Bool = false,
    mark: (Row) -> Bool = { _ in false }
  ) -> HTML {
    let values = table.brief.values(rows)
    let head = values.columns.map { column -> HTML in
      "<th scope=\"col\"\(column.numberClass) title=\"\(column.help)\">\(column.name)</th>"
    }
    let body = zip(rows, values.rows).map { row, cells -> HTML in
      "<tr\(mark(row) ? " class=\"differs\"" : "")>\(zip(values.columns, cells).enumerated().map(cell))</tr>\n"
    }
    return """
      <div class="table"><table><caption\(isCaptionHidden ? " class=\"hidden\"" : "")>\(caption)</caption>
      <thead><tr>\(head)</tr></thead>
      <tbody>
      \(body)
      </tbody></table></div>

      """
  }

  private static func cell(_ place: Int, _ cell: (column: TableValues.Column, value: TableValue)) -> HTML {
    if place == 0 { return "<th scope=\"row\">\(cell.value.shown)</th>" }
    return "<td\(cell.column.numberClass)>\(cell.value.shown)</td>"
  }

  /// To the second, in UTC; a dash where there is none.
  static func time(_ date: Date?) -> String { date.map { $0.formatted(.iso8601) } ?? "\u{2013}" }
}

extension TableValues.Column {
  fileprivate var numberClass: HTML { kind == .number || kind == .integer ? " class=\"number\"" : "" }
}
