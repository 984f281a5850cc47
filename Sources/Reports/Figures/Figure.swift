import Foundation
import Foundations

/// A figure by its numbers: the one code that draws them all, for papers and for Python.
package enum Figure {
  /// Estimates with intervals, one a line, against a line of nothing.
  case forest(ForestPlot)
  /// Curves with intervals over layers, scales or anything else.
  case curves(CurvePlot)

  package var picture: Picture {
    switch self {
    case .forest(let plot): plot.picture
    case .curves(let plot): plot.picture
    }
  }
}

package enum FigureFormat: String, CaseIterable {
  case svg, pdf

  /// Told from the name of a file.
  package init?(_ url: URL) { self.init(rawValue: url.pathExtension.lowercased()) }

  package func data(_ picture: Picture) -> Data {
    switch self {
    case .svg: Data(SVGWriter.text(picture).utf8)
    case .pdf: PDFWriter.data(picture)
    }
  }
}

extension Figure {
  package func write(to url: URL) throws {
    guard let format = FigureFormat(url) else {
      throw TelltaleError(
        .badInput, "does not end in .svg or .pdf; name such a file", at: InputLocation(file: url.path))
    }
    try AtomicFile.write(format.data(picture), to: url)
  }
}

/// A value with its interval; a missing end has none.
package struct FigureEstimate: Decodable {
  var label: String?
  var x: Double?
  var value: Double?
  var low: Double?
  var high: Double?

  init(label: String? = nil, x: Double? = nil, value: Double?, low: Double? = nil, high: Double? = nil) {
    (self.label, self.x, self.value, self.low, self.high) = (label, x, value, low, high)
  }
}

/// Estimates with their intervals one below the other (a forest plot).
package struct ForestPlot: Decodable {
  var title: String
  /// The name of the axis.
  var axis: String
  /// What no effect would be: 0.5 for an AUROC.
  var nothing: Double
  /// Values as close to nothing as this do not matter.
  var smallest: Double?
  var rows: [FigureEstimate]

  var picture: Picture {
    let longest = rows.map { Helvetica.width($0.label ?? "") * 9 }.max() ?? 0
    let left = min(260, max(60, longest + 18))
    let height = 64 + 18 * Double(max(1, rows.count))
    var picture = Picture(width: left + 320, height: height + 34, title: title)
    let frame = Frame(
      left: left, right: left + 250, top: 34, bottom: height, x: range, y: 0...Double(max(1, rows.count)))
    picture.text(title, .init(x: 10, y: 18), size: 11, bold: true)
    if let smallest, smallest > 0 {
      let (low, high) = (max(range.lowerBound, nothing - smallest), min(range.upperBound, nothing + smallest))
      picture.area(
        [
          frame.point(low, 0), frame.point(high, 0), frame.point(high, frame.y.upperBound),
          frame.point(low, frame.y.upperBound),
        ],
        .quiet)
    }
    picture.line(
      [frame.point(nothing, 0), frame.point(nothing, frame.y.upperBound)], .quiet, width: 1, dash: [3, 3])
    for (index, row) in rows.enumerated() { draw(row, Double(rows.count - index) - 0.5, frame, &picture) }
    frame.drawBottom(&picture, ticks: Frame.ticks(range), name: axis)
    return picture
  }

  /// From 0 to 1 where everything lies there, as areas do.
  private var range: ClosedRange<Double> {
    let all = rows.flatMap { [$0.value, $0.low, $0.high] }.compactMap { $0 }.filter(\.isFinite) + [nothing]
    let (low, high) = (all.min() ?? 0, all.max() ?? 1)
    if low >= 0, high <= 1 { return 0...1 }
    let margin = max(1e-9, 0.05 * (high - low))
    return (low - margin)...(high + margin)
  }

  private func draw(_ row: FigureEstimate, _ y: Double, _ frame: Frame, _ picture: inout Picture) {
    picture.text(row.label ?? "", .init(x: frame.left - 8, y: frame.height(y) + 3), anchor: .end)
    guard let value = row.value, value.isFinite else {
      return picture.text("undefined", .init(x: frame.right + 8, y: frame.height(y) + 3), .quiet)
    }
    if let low = row.low, let high = row.high {
      picture.line([frame.point(low, y), frame.point(high, y)], .blue, width: 1.6)
    }
    picture.marker(frame.point(value, y), series: 0, .blue, radius: 3.5)
    picture.text(String(format: "%.3f", value), .init(x: frame.right + 8, y: frame.height(y) + 3))
  }
}
