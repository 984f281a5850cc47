import Foundation

/// The axes of a figure: where values lie on the page.
struct Frame {
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>

  func point(_ x: Double, _ y: Double) -> Picture.Point { Picture.Point(x: place(x), y: height(y)) }

  func place(_ value: Double) -> Double {
    left + (right - left) * (value - x.lowerBound) / max(1e-12, x.upperBound - x.lowerBound)
  }

  func height(_ value: Double) -> Double {
    bottom - (bottom - top) * (value - y.lowerBound) / max(1e-12, y.upperBound - y.lowerBound)
  }

  /// The axis below, with its numbers and name.
  func drawBottom(_ picture: inout Picture, ticks: [Double], name: String) {
    picture.line([point(x.lowerBound, y.lowerBound), point(x.upperBound, y.lowerBound)], .ink, width: 0.8)
    for tick in ticks {
      let place = place(tick)
      picture.line([.init(x: place, y: bottom), .init(x: place, y: bottom + 3)], .ink, width: 0.8)
      picture.text(Self.label(tick), .init(x: place, y: bottom + 13), anchor: .middle)
    }
    picture.text(name, .init(x: (left + right) / 2, y: bottom + 27), size: 10, anchor: .middle)
  }

  /// The axis on the left, with its numbers; its name stands above it.
  func drawLeft(_ picture: inout Picture, ticks: [Double], name: String) {
    picture.line([point(x.lowerBound, y.lowerBound), point(x.lowerBound, y.upperBound)], .ink, width: 0.8)
    for tick in ticks {
      let height = height(tick)
      picture.line([.init(x: left - 3, y: height), .init(x: left, y: height)], .ink, width: 0.8)
      picture.text(Self.label(tick), .init(x: left - 6, y: height + 3), anchor: .end)
    }
    picture.text(name, .init(x: left - 26, y: top - 8), size: 10)
  }

  static func label(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : PictureNumber.text(value)
  }

  /// About five round numbers in a range.
  static func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite else { return [range.lowerBound] }
    let power = pow(10, log10(span / 5).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 6 } ?? 10 * power
    let first = (range.lowerBound / step).rounded(.up)
    return stride(from: first, through: range.upperBound / step + 1e-9, by: 1).map { $0 * step }
  }
}
