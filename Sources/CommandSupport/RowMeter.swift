import Foundation
import Foundations
import Synchronization

/// How far recordings are, with rate and time left: redrawn in place on a terminal, a line every half minute elsewhere.
package final class RowMeter: Sendable {
  private struct State {
    var title = ""
    var started = Date()
    /// Rows that were there when the meter first heard of the recording.
    var first = 0
    var shown = Date.distantPast
  }

  private let state = Mutex(State())

  package init() {}

  package func update(_ title: String, done: Int, total: Int) {
    let line: String? = state.withLock { state in
      if state.title != title { state = State(title: title, first: done) }
      let isLast = done == total && Terminal.isInteractive
      guard isLast || Date().timeIntervalSince(state.shown) > (Terminal.isInteractive ? 0.1 : 30) else { return nil }
      if state.shown == .distantPast, !Terminal.isInteractive {
        state.shown = Date()
        return nil
      }
      state.shown = Date()
      return Self.line(title, done: done, total: total, since: state.started, first: state.first)
    }
    guard let line else { return }
    guard Terminal.isInteractive else { return Terminal.note(line) }
    Terminal.write("\r\u{1B}[K\(line)" + (done == total ? "\n" : ""))
  }

  /// Rows that were kept from an earlier run say nothing about the rate of this one.
  package static func line(_ title: String, done: Int, total: Int, since started: Date, first: Int) -> String {
    let rate = Double(done - first) / max(1e-3, Date().timeIntervalSince(started))
    let left = rate > 0 ? "\(Int(saturating: (Double(total - done) / rate).rounded())) s left" : "time left unknown"
    return "\(title): \(done) of \(total) rows, \(String(format: "%.1f", rate))/s, \(left)"
  }
}
