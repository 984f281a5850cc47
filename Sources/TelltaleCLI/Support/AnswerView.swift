import CommandSupport
import Foundation
import Foundations

/// Several answers shown while they are written: side by side, or one under the other.
struct AnswerView {
  enum Layout: Equatable {
    /// Columns of this many cells each.
    case columns(Int)
    case stacked
    case silent

    /// Columns where a terminal has at least 80 cells.
    static func fitting(_ width: Int?) -> Layout {
      guard let width, width >= 80 else { return .stacked }
      return .columns((width - 1 - 2 * AnswerView.separator.count) / 3)
    }
  }

  private static let separator = " \u{2502} "

  private let titles: [String]
  private let layout: Layout
  private let write: (String) -> Void
  private var columns: [WrappedText]
  private var ended: Set<Int> = []
  /// Columns: rows that are complete on the screen.
  private var printed = 0
  /// Stacked: the answer that is on the screen, and what the others have said meanwhile.
  private var shown = 0
  private var waiting: [String]

  init(titles: [String], layout: Layout, write: @escaping (String) -> Void = Terminal.writeResult) {
    self.titles = titles
    self.layout = layout
    self.write = write
    waiting = titles.map { _ in "" }
    columns = titles.map { _ in WrappedText(width: 1) }
    switch layout {
    case .columns(let width):
      columns = titles.map { _ in WrappedText(width: width) }
      write(row(titles.map { WrappedText.cut($0, to: width) }) + "\n")
    case .stacked: write("\(titles[0]): ")
    case .silent: break
    }
  }

  /// Adds text of a model to an answer; what could disturb a terminal is made harmless.
  mutating func append(_ text: String, to column: Int) {
    let text = SafeText.visible(text)
    switch layout {
    case .columns:
      columns[column].append(text)
      drawRows()
    case .stacked where column == shown: write(text)
    case .stacked: waiting[column] += text
    case .silent: break
    }
  }

  /// The answer is complete.
  mutating func end(_ column: Int) {
    ended.insert(column)
    switch layout {
    case .columns:
      columns[column].finish()
      drawRows()
    case .stacked: showNext()
    case .silent: break
    }
  }

  // MARK: One under the other

  private mutating func showNext() {
    while ended.contains(shown), shown < titles.count {
      write("\n")
      shown += 1
      if shown < titles.count { write("\(titles[shown]): \(waiting[shown])") }
    }
  }

  // MARK: Side by side

  /// Completes the rows that no answer can change any more and redraws the one below them.
  private mutating func drawRows() {
    while columns.indices.allSatisfy({ columns[$0].rows.count > printed || ended.contains($0) }),
      columns.contains(where: { $0.rows.count > printed })
    {
      write("\r" + row(columns.map { $0.row(printed) }) + "\u{1B}[K\n")
      printed += 1
    }
    guard ended.count < titles.count else { return }
    write("\r" + row(columns.map { $0.row(printed) }) + "\u{1B}[K")
  }

  private func row(_ cells: [String]) -> String {
    zip(cells, columns).map { cell, column in
      cell + String(repeating: " ", count: max(0, column.width - WrappedText.width(of: cell)))
    }.joined(separator: Self.separator)
  }
}
