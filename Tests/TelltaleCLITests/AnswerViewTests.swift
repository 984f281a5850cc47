import CommandSupport
import Testing

@testable import TelltaleCLI

/// Answers on a terminal: what is written while they come, and what stands there at the end.
@Suite struct AnswerViewTests {
  /// Everything that a view writes.
  private final class Screen {
    var text = ""

    /// What a terminal shows: a carriage return goes back to the row's start and the row is written anew.
    var rows: [String] {
      text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        (line.split(separator: "\r").last.map(String.init) ?? "").replacing("\u{1B}[K", with: "")
      }
    }
  }

  private func view(_ layout: AnswerView.Layout) -> (AnswerView, Screen) {
    let screen = Screen()
    return (AnswerView(titles: ["a", "b", "c"], layout: layout) { screen.text += $0 }, screen)
  }

  @Test("Columns are used from 80 cells on and fit the terminal with a cell to spare")
  func layouts() {
    #expect(AnswerView.Layout.fitting(nil) == .stacked && AnswerView.Layout.fitting(79) == .stacked)
    #expect(AnswerView.Layout.fitting(80) == .columns(24) && 3 * 24 + 2 * 3 < 80)
  }

  @Test("Side by side, rows are completed when every answer has passed them")
  func sideBySide() {
    var (view, screen) = view(.columns(6))
    view.append("one two three", to: 0)
    view.append("un", to: 1)
    #expect(screen.rows == ["a      │ b      │ c     ", "one    │ un     │       "])
    view.end(2)
    view.append(" deux", to: 1)
    #expect(screen.rows.count == 3)
    view.end(1)
    view.end(0)
    #expect(
      screen.rows == [
        "a      │ b      │ c     ", "one    │ un     │       ", "two    │ deux   │       ", "three  │        │       ",
        "",
      ])
  }

  @Test("One under the other, the first answer is written as it comes and the others when it is their turn")
  func stacked() {
    var (view, screen) = view(.stacked)
    view.append("x", to: 1)
    view.append("1", to: 0)
    #expect(screen.text == "a: 1")
    view.append("2", to: 0)
    view.end(2)
    view.end(0)
    #expect(screen.text == "a: 12\nb: x")
    view.append("y", to: 1)
    view.end(1)
    #expect(screen.text == "a: 12\nb: xy\nc: \n")
  }

  @Test(
    "Control characters of a model cannot reach the terminal", arguments: [AnswerView.Layout.columns(20), .stacked])
  func harmless(_ layout: AnswerView.Layout) {
    var (view, screen) = view(layout)
    view.append("a\u{1B}[2Jb\rc\u{9B}d", to: 0)
    view.end(0)
    #expect(!screen.text.contains("\u{1B}[2J") && !screen.text.contains("\u{9B}"))
    #expect(screen.text.contains("a\u{241B}[2Jb\u{240D}c\u{27E8}U+9B\u{27E9}d"))
  }

  @Test("Text breaks at spaces, in the middle of longer words, and at its own line ends")
  func wrapping() {
    var text = WrappedText(width: 5)
    for piece in ["ab c", "d efghij", "klm\n", "\nx"] { text.append(piece) }
    text.finish()
    #expect(text.rows == ["ab cd", "efghi", "jklm", "", "x"])
  }

  @Test("Wide characters take two cells and marks none")
  func widths() {
    #expect(WrappedText.width(of: "日本") == 4 && WrappedText.width(of: "e\u{301}x") == 2)
    #expect(WrappedText.width(of: "\u{301}") == 0 && WrappedText.width(of: "😀") == 2)
    #expect(WrappedText.cut("日本語", to: 5) == "日本")
  }
}
