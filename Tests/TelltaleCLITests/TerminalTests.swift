import CommandSupport
import Foundation
import Foundations
import TestSupport
import Testing

/// Tables in a narrow terminal, colour by its rules, and lines that say how far a command is.
struct TerminalTests {
  private static let wide = TableValues(
    [.init("layer", .integer), .init("reliability"), .init("empty"), .init("opinions-test"), .init("facts-test")],
    rows: [
      [.integer(0), .text("0.812"), .text(nil), .text("0.512 [0.401, 0.623]"), .text("0.498 [0.377, 0.619]")],
      [.integer(11), .text("0.934"), .text(nil), .text("0.791 [0.739, 0.835]"), .text("0.602 [0.511, 0.689]")],
    ])

  @Test("A table that fits has one line per row, and no column that is empty")
  func fitting() {
    #expect(
      Self.wide.lines(width: nil).map(\.text) == [
        "layer  reliability  opinions-test         facts-test",
        "0      0.812        0.512 [0.401, 0.623]  0.498 [0.377, 0.619]",
        "11     0.934        0.791 [0.739, 0.835]  0.602 [0.511, 0.689]",
      ])
    #expect(Self.wide.lines(width: 80) == Self.wide.lines(width: nil))
  }

  @Test("A wider table comes in parts that fit, each with the first column and the mark")
  func parts() {
    let lines = Self.wide.lines(width: 44, marked: 1)
    #expect(lines.allSatisfy { $0.text.count <= 44 })
    #expect(
      lines.map(\.text) == [
        "   layer  reliability  opinions-test",
        "   0      0.812        0.512 [0.401, 0.623]",
        "*  11     0.934        0.791 [0.739, 0.835]",
        "",
        "   layer  facts-test",
        "   0      0.498 [0.377, 0.619]",
        "*  11     0.602 [0.511, 0.689]",
      ])
    #expect(lines.map(\.isMarked) == [false, false, true, false, false, false, true])
  }

  @Test("A last column of sentences is broken at words")
  func sentences() {
    let table = TableValues(
      [.init("name"), .init("sentence")],
      rows: [[.text("a"), .text("one two three four five six seven eight nine ten")]])
    let lines = table.lines(width: 30).map(\.text)
    #expect(lines == ["name  sentence", "a     one two three four five", "      six seven eight nine ten"])
    #expect(
      WrappedText.rows("  - one two three four", width: 13, indent: 2) == ["  - one two", "    three", "    four"])
    #expect(WrappedText.rows("short", width: 12) == ["short"])
  }

  @Test(
    "Colour follows the terminal's rules",
    arguments: [
      (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
      (true, ["TERM": "dumb"], false), (false, ["CLICOLOR_FORCE": "1"], true), (true, ["CLICOLOR": "0"], false),
      (false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false), (false, ["CLICOLOR_FORCE": "0"], false),
    ] as [(Bool, [String: String], Bool)])
  func colour(_ isTerminal: Bool, _ environment: [String: String], _ isOn: Bool) {
    let colour = TerminalColour(isTerminal: isTerminal, environment: environment)
    #expect(colour.isOn == isOn)
    #expect(colour.text("supported", .good) == (isOn ? "\u{1B}[32msupported\u{1B}[0m" : "supported"))
  }

  @Test("Rate and time left are of this session's rows, and known from the first row on")
  func progress() {
    func line(_ done: Int, kept: Int = 0, seconds: Double) -> String {
      ProgressMeter.line("recording", done: done, total: 200, kept: kept, unit: "rows", seconds: seconds)
    }
    #expect(line(0, seconds: 42) == "recording: 0 of 200 rows, 42 s so far")
    #expect(line(40, seconds: 20) == "recording: 40 of 200 rows, 2.0/s, 1 min 20 s left")
    #expect(line(140, kept: 100, seconds: 20) == "recording: 140 of 200 rows, 2.0/s, 30 s left")
    #expect(line(100, kept: 100, seconds: 3) == "recording: 100 of 200 rows, 3 s so far")
    #expect(line(2, seconds: 120) == "recording: 2 of 200 rows, 1.0/min, 3 h 18 min left")
    #expect(line(200, seconds: 100) == "recording: 200 of 200 rows, 2.0/s, 1 min 40 s")
  }
}
