import Foundation

/// Curves with intervals, and bands behind them.
package struct CurvePlot: Decodable {
  struct Series: Decodable {
    var name: String
    var points: [FigureEstimate]
    /// The ends of a band behind the curve, such as null directions: `x`, `low` and `high`.
    var band: [FigureEstimate]?
    var isDashed: Bool?
  }

  var title: String
  var xAxis: String
  var yAxis: String
  /// A line across, such as an AUROC of 0.5.
  var nothing: Double?
  /// Whether the y axis runs from 0 to 1, as for an AUROC.
  var isArea: Bool?
  var series: [Series]

  var picture: Picture {
    let legend = 16 * Double(series.count)
    var picture = Picture(width: 420, height: 300 + legend, title: title)
    let frame = Frame(left: 48, right: 408, top: 44, bottom: 256, x: xRange, y: yRange)
    picture.text(title, .init(x: 10, y: 18), size: 11, bold: true)
    if let nothing {
      picture.line(
        [frame.point(xRange.lowerBound, nothing), frame.point(xRange.upperBound, nothing)], .quiet, dash: [3, 3])
    }
    for (index, one) in series.enumerated() { draw(one, index, frame, &picture) }
    frame.drawBottom(&picture, ticks: Frame.ticks(xRange).filter { !areWhole || $0 == $0.rounded() }, name: xAxis)
    frame.drawLeft(&picture, ticks: Frame.ticks(yRange), name: yAxis)
    for (index, one) in series.enumerated() { drawLegend(one, index, &picture) }
    return picture
  }

  private var xs: [Double] { series.flatMap { $0.points.compactMap(\.x) } }

  /// Layers are whole numbers, and so are their marks.
  private var areWhole: Bool { xs.allSatisfy { $0 == $0.rounded() } && xRange.upperBound - xRange.lowerBound >= 1 }

  private var xRange: ClosedRange<Double> { Self.widened(xs) }

  private var yRange: ClosedRange<Double> {
    if isArea == true { return 0...1 }
    let points = series.flatMap { $0.points + ($0.band ?? []) }
    let values = points.flatMap { [$0.value, $0.low, $0.high] }.compactMap { $0 }.filter(\.isFinite)
    let range = Self.widened(values + [nothing].compactMap { $0 })
    let margin = 0.05 * (range.upperBound - range.lowerBound)
    return (range.lowerBound - margin)...(range.upperBound + margin)
  }

  private static func widened(_ values: [Double]) -> ClosedRange<Double> {
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    return low < high ? low...high : (low - 0.5)...(high + 0.5)
  }

  /// Its number among the curves that are measured: a dashed line belongs to the one before it and has its colour.
  private func number(_ index: Int) -> Int {
    max(0, series[...index].count { $0.isDashed != true } - 1)
  }

  private func colour(_ index: Int) -> Picture.Colour {
    Picture.Colour.series[number(index) % Picture.Colour.series.count]
  }

  private func draw(_ one: Series, _ index: Int, _ frame: Frame, _ picture: inout Picture) {
    let band = (one.band ?? []).filter { $0.x != nil && $0.low != nil && $0.high != nil }
    if band.count > 1 {
      let lower = band.map { frame.point($0.x ?? 0, $0.low ?? 0) }
      let upper = band.reversed().map { frame.point($0.x ?? 0, $0.high ?? 0) }
      picture.area(lower + upper, colour(index))
    }
    let known = one.points.filter { $0.x != nil && $0.value?.isFinite == true }
    picture.line(
      known.map { frame.point($0.x ?? 0, $0.value ?? 0) }, colour(index), width: 1.5,
      dash: one.isDashed == true ? [4, 3] : [])
    guard one.isDashed != true else { return }
    for point in known {
      if let low = point.low, let high = point.high {
        picture.line([frame.point(point.x ?? 0, low), frame.point(point.x ?? 0, high)], colour(index), width: 1)
      }
      picture.marker(frame.point(point.x ?? 0, point.value ?? 0), series: number(index), colour(index), radius: 2.6)
    }
  }

  private func drawLegend(_ one: Series, _ index: Int, _ picture: inout Picture) {
    let y = 300 + 16 * Double(index)
    picture.line(
      [.init(x: 48, y: y - 3), .init(x: 70, y: y - 3)], colour(index), width: 1.5,
      dash: one.isDashed == true ? [4, 3] : [])
    if one.isDashed != true { picture.marker(.init(x: 59, y: y - 3), series: number(index), colour(index)) }
    picture.text(one.name, .init(x: 76, y: y))
  }
}
