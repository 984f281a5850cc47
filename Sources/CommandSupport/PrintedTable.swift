import Foundation
import Foundations
import Steering

extension TableValues {
  /// Aligned columns on stdout.
  package func print() {
    let (columns, rows) = shown
    let lines = [columns] + rows.map { $0.map { SafeText.visible($0) } }
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    for line in lines {
      let cells = zip(line, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
      Output.line(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
    }
  }

  package func write(to path: String) throws { try write(to: URL(fileURLWithPath: path)) }
}
