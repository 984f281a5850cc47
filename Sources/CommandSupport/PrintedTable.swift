import Foundation
import Foundations
import Steering

extension TableValues {
  /// Aligned columns on stdout, without those that are empty. On a terminal, what is wider than it comes in parts, each
  /// with the first column again.
  ///
  /// - Parameter marked: the row that matters, which gets a star.
  package func print(marked: Int? = nil) {
    for line in lines(width: Terminal.width, marked: marked) {
      Output.line(line.isMarked ? TerminalColour.ofResults.text(line.text, .strong) : line.text)
    }
  }

  package struct Line: Equatable {
    package var text: String
    package var isMarked = false
  }

  /// - Parameter width: cells of the terminal; nil where there is none, and nothing is broken.
  package func lines(width: Int?, marked: Int? = nil) -> [Line] {
    let (columns, rows) = shown
    guard !columns.isEmpty else { return [] }
    let star = marked == nil ? [] : [[" "] + rows.indices.map { $0 == marked ? "*" : " " }]
    let cells = columns.indices.map { column in [columns[column]] + rows.map { SafeText.visible($0[column]) } }
    var lines: [Line] = []
    for part in Self.parts(cells.map(Self.width), width: width.map { $0 - 2 * star.count }) {
      if !lines.isEmpty { lines.append(Line(text: "")) }
      lines += Self.lines(of: star + part.map { cells[$0] }, width: width).map { row, text in
        Line(text: text, isMarked: marked.map { $0 + 1 == row } ?? false)
      }
    }
    return lines
  }

  package func write(to path: String) throws { try write(to: URL(fileURLWithPath: path)) }

  private static func width(_ column: [String]) -> Int { column.map { WrappedText.width(of: $0) }.max() ?? 0 }

  /// Columns that fit side by side; the first is in every part.
  private static func parts(_ widths: [Int], width: Int?) -> [[Int]] {
    guard let width else { return [Array(widths.indices)] }
    var (parts, used) = ([[0]], widths[0])
    for column in widths.indices.dropFirst() {
      if used + 2 + widths[column] > width, parts[parts.count - 1].count > 1 {
        parts.append([0])
        used = widths[0]
      }
      parts[parts.count - 1].append(column)
      used += 2 + widths[column]
    }
    return parts
  }

  /// The text of each row with its number. A last column that is too wide is broken at words.
  private static func lines(of columns: [[String]], width: Int?) -> [(row: Int, text: String)] {
    let widths = columns.map(Self.width)
    let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    let room = width.map { max(20, $0 - before) } ?? .max
    return (columns.first ?? []).indices.flatMap { row in
      let fixed = columns.indices.dropLast().map { padded(columns[$0][row], to: widths[$0]) }.joined(separator: "  ")
      let last = WrappedText.rows(columns[columns.count - 1][row], width: room)
      return last.enumerated().map { index, text in
        let start = columns.count == 1 ? "" : (index == 0 ? fixed + "  " : String(repeating: " ", count: before))
        return (row, trimmed(start + text))
      }
    }
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - WrappedText.width(of: text)))
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}
