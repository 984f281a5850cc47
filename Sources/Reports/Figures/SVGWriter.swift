import Foundation
import Foundations

/// Scalable Vector Graphics 1.1, without anything that a journal's converter might not know: lines, polygons, texts.
enum SVGWriter {
  static func text(_ picture: Picture) -> String {
    let size = "\(number(picture.width)) \(number(picture.height))"
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" width="\#(number(picture.width))pt" height="\#(number(picture.height))pt" "#
        + #"viewBox="0 0 \#(size)" role="img" font-family="Helvetica, Arial, sans-serif">"#,
      "<title>\(escaped(picture.title))</title>",
      #"<rect width="100%" height="100%" fill="white"/>"#,
    ]
    lines += picture.marks.map(element)
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func element(_ mark: Picture.Mark) -> String {
    switch mark {
    case .line(let points, let colour, let width, let dash):
      let dashes = dash.isEmpty ? "" : #" stroke-dasharray="\#(dash.map(number).joined(separator: " "))""#
      return
        #"<polyline points="\#(list(points))" fill="none" stroke="\#(hex(colour))" stroke-width="\#(number(width))"\#(dashes)/>"#
    case .area(let points, let colour, let opacity):
      return #"<polygon points="\#(list(points))" fill="\#(hex(colour))" fill-opacity="\#(number(opacity))"/>"#
    case .disc(let point, let radius, let colour):
      return
        #"<circle cx="\#(number(point.x))" cy="\#(number(point.y))" r="\#(number(radius))" fill="\#(hex(colour))"/>"#
    case .square(let point, let radius, let colour):
      return #"<rect x="\#(number(point.x - radius))" y="\#(number(point.y - radius))" width="\#(number(2 * radius))" "#
        + #"height="\#(number(2 * radius))" fill="\#(hex(colour))"/>"#
    case .text(let text, let point, let size, let anchor, let colour, let bold):
      let weight = bold ? #" font-weight="bold""# : ""
      return #"<text x="\#(number(point.x))" y="\#(number(point.y))" font-size="\#(number(size))" "#
        + #"text-anchor="\#(anchor.rawValue)" fill="\#(hex(colour))"\#(weight)>\#(escaped(text))</text>"#
    }
  }

  private static func list(_ points: [Picture.Point]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  private static func hex(_ colour: Picture.Colour) -> String { String(format: "#%06x", colour.rawValue) }

  private static func number(_ value: Double) -> String { PictureNumber.text(value) }

  private static func escaped(_ text: String) -> String {
    SafeText.visible(text, limit: 400).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;")
  }
}

/// Coordinates with two decimals at most.
enum PictureNumber {
  static func text(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return Int(exactly: rounded).map { String($0) } ?? String(rounded)
  }
}
