import CommandSupport
import Foundation
import Foundations
import Steering

/// A text for the terminal with the score of each token: as its background, or as a bar below it where there is no colour.
struct TraceStrip {
  /// From the lowest to the highest score: backgrounds of the 256 colours, blue to orange, with the colour of the letters.
  private static let colours = [(24, 15), (31, 15), (73, 16), (152, 16), (223, 16), (215, 16), (208, 16), (166, 15)]
  private static let bars = Array("\u{2581}\u{2582}\u{2583}\u{2584}\u{2585}\u{2586}\u{2587}\u{2588}")

  private let width: Int
  private let colour: Bool
  private let low: Double
  private let high: Double
  private var lines: [String] = []
  private var text = ""
  private var below = ""
  private var used = 0

  /// - Parameters:
  ///   - range: the scores of the first and the last level.
  ///   - width: cells of a line.
  init(range: ClosedRange<Double>, width: Int, colour: Bool) {
    (low, high, self.width, self.colour) = (range.lowerBound, range.upperBound, max(20, width), colour)
  }

  /// The lines of some tokens of a text.
  static func lines(
    _ tokens: [(text: String, score: Double)], range: ClosedRange<Double>, width: Int, colour: Bool
  ) -> [String] {
    var strip = TraceStrip(range: range, width: width, colour: colour)
    for (text, score) in tokens { strip.append(text, score) }
    strip.breakLine()
    return strip.lines
  }

  private func level(_ score: Double) -> Int {
    guard score.isFinite, high > low else { return 0 }
    return min(Self.bars.count - 1, max(0, Int((score - low) / (high - low) * Double(Self.bars.count))))
  }

  private mutating func append(_ token: String, _ score: Double) {
    for piece in token.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if piece.offset > 0 { breakLine() }
      let shown = SafeText.visible(String(piece.element))
      if used > 0, used + WrappedText.width(of: shown) > width { breakLine() }
      for character in shown {
        if used + WrappedText.width(of: String(character)) > width { breakLine() }
        append(character, level(score))
      }
    }
  }

  private mutating func append(_ character: Character, _ level: Int) {
    let cells = WrappedText.width(of: String(character))
    let (background, letters) = Self.colours[level]
    text += colour ? "\u{1B}[48;5;\(background);38;5;\(letters)m\(character)\u{1B}[0m" : String(character)
    below += String(repeating: Self.bars[level], count: cells)
    used += cells
  }

  private mutating func breakLine() {
    guard used > 0 else { return }
    lines.append(text)
    if !colour { lines.append(below) }
    (text, below, used) = ("", "", 0)
  }

  /// What the levels stand for.
  static func legend(_ range: ClosedRange<Double>, colour: Bool) -> String {
    let number = { (value: Double) in String(format: "%.3g", value) }
    let scale =
      colour
      ? colours.map { "\u{1B}[48;5;\($0.0)m \u{1B}[0m" }.joined() : String(bars)
    return "\(number(range.lowerBound)) \(scale) \(number(range.upperBound))"
  }
}
