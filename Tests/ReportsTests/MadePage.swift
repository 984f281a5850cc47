import Experiments
import Foundation
import TestSupport
import Testing

@testable import Reports

/// A report of a made run, and the JSON document inside it.
struct MadePage {
  let folder: ScratchFolder
  var url: URL { folder.url.appending(path: "run") }

  init(rows: Int = 96, layers: Int = 3, hostile: Bool = false) throws {
    folder = try ScratchFolder()
    try SyntheticRun(rows: rows, layers: layers, hostile: hostile).write(to: url)
  }

  func html() throws -> String { try ReportPage(run: StoredRun(url), plotly: Plotly(source: "/* plotly */")).html() }

  func remove(_ path: String) throws { try FileManager.default.removeItem(at: url.appending(path: path)) }

  struct Document: Decodable {
    struct Name: Decodable, Equatable { var model, vector, target, position: String }
    struct Table: Decodable {
      var columns: [String]
      var rows: [[Value]]

      func numbers(_ column: String) throws -> [Double?] {
        let place = try #require(columns.firstIndex(of: column))
        return rows.map { if case .number(let number) = $0[place] { number } else { nil } }
      }
    }
    enum Value: Decodable, Equatable {
      case number(Double)
      case text(String)
      case nothing

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
          self = .nothing
        } else if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else {
          self = .text(try container.decode(String.self))
        }
      }
    }
    struct Curve: Decodable {
      var name: Name
      var table: Table
      var judged: Int?
      var distribution: String
    }
    struct Answers: Decodable {
      var label: [Int]
      var text: [String]
      var prompts: [String: String]
    }
    struct Operating: Decodable {
      var layer: Int
      var falsePositiveRates: [Double]
      var truePositiveRates: [Double]
      var auroc: Double?
      var calibration: Table?
    }
    struct Extremes: Decodable { var highest, lowest, surprising: [Int] }
    struct Scores: Decodable {
      var name: Name
      var layers: [Int]
      var scores: String
      var fits: [[Double]]
      var curve: Operating?
      var extremes: Extremes?
    }
    struct Steering: Decodable { var doses, layers: Table }
    var curves: [Curve]
    var answers: [Answers]
    var scores: [Scores]
    var transfer: Table
    var agreement: Table
    var steering: [Steering]
    var notes: [String]
  }

  static func json(in html: String) throws -> String {
    let start = try #require(html.range(of: "id=\"data\">"))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    return String(html[start.upperBound..<end.lowerBound])
  }

  static func document(in html: String) throws -> Document {
    try JSONDecoder().decode(Document.self, from: Data(json(in: html).utf8))
  }

  /// Float32 [layers, rows] of a series, by layer.
  static func floats(_ scores: Document.Scores) throws -> [[Float]] {
    let data = try #require(Data(base64Encoded: scores.scores))
    let all = stride(from: 0, to: data.count, by: 4).map { place in
      Float(bitPattern: data[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
    let rows = all.count / max(1, scores.layers.count)
    return scores.layers.indices.map { Array(all[$0 * rows..<($0 + 1) * rows]) }
  }
}
