import Foundation
import Foundations
import Steering
import Torch

/// Named columns of results: printed in aligned columns, written as CSV, or encoded as a JSON list of objects.
struct ResultTable: Encodable {
  enum Field {
    case text(String?)
    case integer(Int?)
    case number(Double?)

    static func estimate(_ estimate: Estimate) -> [Field] {
      [.number(estimate.value), .number(estimate.low), .number(estimate.high)]
    }

    /// Every digit in a file, four places for the eye.
    func text(forEyes: Bool) -> String {
      switch self {
      case .text(let text): text ?? ""
      case .integer(let value): value.map(String.init) ?? ""
      case .number(let value): value.map { forEyes ? String(format: "%.4g", $0) : "\($0)" } ?? ""
      }
    }
  }

  /// The names of an estimate's three columns.
  static func estimate(_ name: String) -> [String] { [name, "\(name)_low", "\(name)_high"] }

  var columns: [String]
  var rows: [[Field]] = []

  init(_ columns: [String]) { self.columns = columns }

  var csv: String { CSVWriter.text(header: columns, rows: rows.map { $0.map { $0.text(forEyes: false) } }) }

  func write(to path: String) throws { try AtomicFile.write(Data(csv.utf8), to: URL(fileURLWithPath: path)) }

  /// Columns that are empty in every row are left out.
  func print() {
    let shown = columns.indices.filter { index in !rows.allSatisfy { $0[index].text(forEyes: true).isEmpty } }
    let lines =
      [shown.map { columns[$0] }] + rows.map { row in shown.map { Terminal.harmless(row[$0].text(forEyes: true)) } }
    let widths = shown.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    for line in lines {
      let cells = zip(line, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
      Output.line(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
    }
  }

  private struct Column: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for row in rows {
      var object = list.nestedContainer(keyedBy: Column.self)
      for (name, field) in zip(columns, row) {
        switch field {
        case .text(let text): try object.encode(text, forKey: Column(name))
        case .integer(let value): try object.encode(value, forKey: Column(name))
        // JSON has no NaN or infinity.
        case .number(let value): try object.encode(value.flatMap { $0.isFinite ? $0 : nil }, forKey: Column(name))
        }
      }
    }
  }
}
