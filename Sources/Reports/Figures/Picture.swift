/// A drawing as marks on a page, in points from the upper left: written as SVG or as PDF, and the same in both.
package struct Picture {
  /// Colours of Okabe and Ito, which people with any kind of colour vision tell apart, and two greys.
  package enum Colour: Int, CaseIterable {
    case ink = 0x222222
    case quiet = 0x777777
    case blue = 0x0072B2
    case vermilion = 0xD55E00
    case green = 0x009E73
    case purple = 0xCC79A7
    case orange = 0xE69F00
    case sky = 0x56B4E9

    /// Of series, in order.
    static let series: [Colour] = [.blue, .vermilion, .green, .purple, .orange, .sky]
  }

  package struct Point: Equatable {
    var x: Double
    var y: Double
  }

  enum Anchor: String { case start, middle, end }

  enum Mark {
    case line([Point], Colour, width: Double, dash: [Double])
    case area([Point], Colour, opacity: Double)
    case disc(Point, radius: Double, Colour)
    case square(Point, radius: Double, Colour)
    case text(String, Point, size: Double, anchor: Anchor, Colour, bold: Bool)
  }

  package let width: Double
  package let height: Double
  /// What it shows, in words: the title of the SVG, for who cannot see it.
  package let title: String
  private(set) var marks: [Mark] = []

  package init(width: Double, height: Double, title: String) {
    (self.width, self.height, self.title) = (width, height, title)
  }

  mutating func line(_ points: [Point], _ colour: Colour, width: Double = 1, dash: [Double] = []) {
    marks.append(.line(points, colour, width: width, dash: dash))
  }

  mutating func area(_ points: [Point], _ colour: Colour, opacity: Double = 0.18) {
    marks.append(.area(points, colour, opacity: opacity))
  }

  /// The marker of a series: a disc, or a square for every second one, so that colour is not all that tells them apart.
  mutating func marker(_ point: Point, series: Int, _ colour: Colour, radius: Double = 3) {
    marks.append(series % 2 == 0 ? .disc(point, radius: radius, colour) : .square(point, radius: radius, colour))
  }

  mutating func text(
    _ text: String, _ point: Point, size: Double = 9, anchor: Anchor = .start, _ colour: Colour = .ink,
    bold: Bool = false
  ) {
    marks.append(.text(text, point, size: size, anchor: anchor, colour, bold: bold))
  }
}
