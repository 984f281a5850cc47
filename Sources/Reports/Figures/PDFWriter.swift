import Foundation
import Foundations

/// PDF 1.4 of one page (ISO 32000), texts in the built-in Helvetica, which every reader has.
enum PDFWriter {
  static func data(_ picture: Picture) -> Data {
    let content = picture.marks.map { PDFPage(height: picture.height).operators($0) }.joined(separator: "\n")
    let box = "[0 0 \(PictureNumber.text(picture.width)) \(PictureNumber.text(picture.height))]"
    let opacities = PDFPage.opacities(picture)
      .map { "/G\($0) << /Type /ExtGState /ca \(Double($0) / 100) >>" }.joined(separator: " ")
    func font(_ name: String) -> String {
      "<< /Type /Font /Subtype /Type1 /BaseFont /\(name) /Encoding /WinAnsiEncoding >>"
    }
    return file([
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox \(box) /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> "
        + "/ExtGState << \(opacities) >> >> >>",
      "<< /Length \(content.unicodeScalars.count) >>\nstream\n\(content)\nendstream", font("Helvetica"),
      font("Helvetica-Bold"),
      "<< /Title (\(PDFPage.escaped(picture.title))) /Producer (Telltale \(Version.current)) >>",
    ])
  }

  /// Objects numbered from 1, then the table of where each begins.
  private static func file(_ objects: [String]) -> Data {
    var data = latin("%PDF-1.4\n")
    var offsets: [Int] = []
    for (index, object) in objects.enumerated() {
      offsets.append(data.count)
      data += latin("\(index + 1) 0 obj\n\(object)\nendobj\n")
    }
    let start = data.count
    let table = offsets.map { String(format: "%010d 00000 n \n", $0) }.joined()
    data += latin("xref\n0 \(objects.count + 1)\n0000000000 65535 f \n\(table)")
    data += latin("trailer\n<< /Size \(objects.count + 1) /Root 1 0 R /Info \(objects.count) 0 R >>\n")
    return data + latin("startxref\n\(start)\n%%EOF\n")
  }

  /// One byte a character: texts were brought to Latin-1 before.
  private static func latin(_ text: String) -> Data {
    Data(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
  }
}

/// The operators of a page's content, whose axis of y points up.
private struct PDFPage {
  let height: Double

  func operators(_ mark: Picture.Mark) -> String {
    switch mark {
    case .line(let points, let colour, let width, let dash):
      "q \(rgb(colour)) RG \(number(width)) w [\(dash.map(number).joined(separator: " "))] 0 d \(path(points)) S Q"
    case .area(let points, let colour, let opacity):
      "q /G\(Self.percent(opacity)) gs \(rgb(colour)) rg \(path(points)) h f Q"
    case .disc(let point, let radius, let colour): "q \(rgb(colour)) rg \(circle(point, radius)) f Q"
    case .square(let point, let radius, let colour):
      "q \(rgb(colour)) rg \(number(point.x - radius)) \(number(height - point.y - radius)) \(number(2 * radius)) "
        + "\(number(2 * radius)) re f Q"
    case .text(let text, let point, let size, let anchor, let colour, let bold):
      words(text, point, size, anchor, colour, bold)
    }
  }

  private func words(
    _ text: String, _ point: Picture.Point, _ size: Double, _ anchor: Picture.Anchor, _ colour: Picture.Colour,
    _ bold: Bool
  ) -> String {
    let width = Helvetica.width(text) * size
    let shift = anchor == .start ? 0 : anchor == .middle ? width / 2 : width
    return "BT \(rgb(colour)) rg /\(bold ? "F2" : "F1") \(number(size)) Tf \(number(point.x - shift)) "
      + "\(number(height - point.y)) Td (\(Self.escaped(text))) Tj ET"
  }

  private func path(_ points: [Picture.Point]) -> String {
    points.enumerated().map { "\(number($1.x)) \(number(height - $1.y)) \($0 == 0 ? "m" : "l")" }.joined(separator: " ")
  }

  /// Four Bezier curves; 0.5523 is the usual distance of their control points for a quarter of a circle.
  private func circle(_ centre: Picture.Point, _ radius: Double) -> String {
    let (x, y, k) = (centre.x, height - centre.y, 0.5523 * radius)
    let turns = [(1.0, 0.0), (0, 1), (-1, 0), (0, -1), (1, 0)]
    let curves = zip(turns, turns.dropFirst()).map { from, to in
      let first = (x + radius * from.0 + k * to.0, y + radius * from.1 + k * to.1)
      let second = (x + radius * to.0 + k * from.0, y + radius * to.1 + k * from.1)
      let end = (x + radius * to.0, y + radius * to.1)
      return [first, second, end].map { "\(number($0.0)) \(number($0.1))" }.joined(separator: " ") + " c"
    }
    return "\(number(x + radius)) \(number(y)) m " + curves.joined(separator: " ")
  }

  private func rgb(_ colour: Picture.Colour) -> String {
    [16, 8, 0].map { number(Double(colour.rawValue >> $0 & 0xFF) / 255) }.joined(separator: " ")
  }

  private func number(_ value: Double) -> String { PictureNumber.text(value) }

  static func percent(_ opacity: Double) -> Int { Int(saturating: (100 * opacity).rounded()) }

  static func opacities(_ picture: Picture) -> [Int] {
    Set(
      picture.marks.compactMap { mark -> Int? in
        if case .area(_, _, let opacity) = mark { percent(opacity) } else { nil }
      }
    ).sorted()
  }

  /// Latin-1, a question mark for what it lacks; brackets and backslashes escaped.
  static func escaped(_ text: String) -> String {
    SafeText.visible(text, limit: 400).unicodeScalars.map { scalar in
      switch scalar {
      case "(", ")", "\\": "\\\(scalar)"
      case "\u{2212}", "\u{2013}": "-"
      case "\u{2019}": "'"
      case _ where scalar.value < 256: String(scalar)
      default: "?"
      }
    }.joined()
  }
}

/// Widths of Helvetica's characters, in units of the font's size: Adobe's Core 14 AFM.
enum Helvetica {
  private static let thousandths = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
  ]

  static func width(_ text: String) -> Double {
    text.unicodeScalars.reduce(0) { sum, scalar in
      let place = Int(scalar.value) - 32
      return sum + Double(thousandths.indices.contains(place) ? thousandths[place] : 556) / 1_000
    }
  }
}
