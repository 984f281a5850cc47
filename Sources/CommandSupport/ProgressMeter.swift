import Dispatch
import Foundation
import Foundations
import Synchronization

/// How far a command is, with rate and time left: one line, redrawn in place on a terminal; elsewhere a line every half
/// minute, also while a single step takes longer than that.
package final class ProgressMeter: Sendable {
  /// What is being counted: rows of one recording, pairs of one vector.
  private struct Job {
    var title: String
    var total: Int
    /// Rows that were there when the job began: they say nothing about the rate.
    var kept: Int
    var done: Int
    var started = Date()
    var said = Date()
  }

  private static let patience = 30.0
  /// Whether the cursor stands behind a line that may be redrawn.
  private static let isDrawn = Mutex(false)

  private let unit: String
  private let job = Mutex(Job?.none)

  /// - Parameter unit: of what is counted, as people call it: rows, pairs, prompts.
  package init(unit: String = "rows") {
    self.unit = unit
    beat()
  }

  /// Says where it is once a second, as long as somebody holds the meter.
  private func beat() {
    DispatchQueue.global().asyncAfter(deadline: .now() + 1) { [weak self] in
      self?.draw(force: false)
      self?.beat()
    }
  }

  // MARK: Counting

  /// Begins a job; what is `kept` was done before.
  package func begin(_ title: String, kept: Int = 0, total: Int) {
    job.withLock { $0 = Job(title: title, total: total, kept: kept, done: kept) }
    draw(force: Terminal.isInteractive)
  }

  /// - Parameter done: of all, with what was kept. A new title begins a job, at which nothing was kept if nobody said so.
  package func update(_ title: String, done: Int, total: Int) {
    let isNew = job.withLock { job in
      guard job?.title != title || job?.total != total else {
        job?.done = done
        return false
      }
      // A job that begins with some rows done was begun before.
      job = Job(title: title, total: total, kept: done, done: done)
      return true
    }
    draw(force: isNew && Terminal.isInteractive)
    if done >= total { end() }
  }

  /// Forgets the job: nothing more is said of it.
  package func end() {
    draw(force: Terminal.isInteractive)
    job.withLock { $0 = nil }
    Self.endLine()
  }

  // MARK: Saying

  private func draw(force: Bool) {
    guard Terminal.talk != .quiet else { return }
    let line: String? = job.withLock { job in
      guard let known = job else { return nil }
      let wait = Terminal.isInteractive ? 0.1 : Self.patience
      guard force || Date().timeIntervalSince(known.said) >= wait else { return nil }
      job?.said = Date()
      return Self.line(
        known.title, done: known.done, total: known.total, kept: known.kept, unit: unit,
        seconds: Date().timeIntervalSince(known.started))
    }
    guard let line else { return }
    Terminal.isInteractive ? Self.redraw(line) : Terminal.write("\(line)\n")
  }

  /// `record opinions: 40 of 200 rows, 2.5/s, 1 min 4 s left`. Before the first row is done, the time since the start.
  package static func line(
    _ title: String, done: Int, total: Int, kept: Int, unit: String, seconds: Double
  ) -> String {
    let count = "\(title): \(done) of \(total) \(unit)"
    guard done > kept, seconds > 0 else { return "\(count), \(duration(seconds)) so far" }
    let rate = Double(done - kept) / seconds
    let left = Double(total - done) / rate
    return "\(count), \(Self.rate(rate)), " + (done >= total ? "\(duration(seconds))" : "\(duration(left)) left")
  }

  /// Slow work is counted by the minute: 0.03/s says nothing.
  private static func rate(_ perSecond: Double) -> String {
    perSecond >= 0.1 ? String(format: "%.1f/s", perSecond) : String(format: "%.1f/min", 60 * perSecond)
  }

  package static func duration(_ seconds: Double) -> String {
    let whole = Int(saturating: max(0, seconds).rounded())
    switch whole {
    case ..<60: return "\(whole) s"
    case ..<3_600: return "\(whole / 60) min \(whole % 60) s"
    default: return "\(whole / 3_600) h \(whole % 3_600 / 60) min"
    }
  }

  // MARK: One line of the terminal

  /// A line cut to the terminal, so that it is redrawn in place.
  private static func redraw(_ line: String) {
    isDrawn.withLock { drawn in
      drawn = true
      let cut = Terminal.errorWidth.map { String(line.prefix(max(10, $0 - 1))) } ?? line
      Terminal.write("\r\u{1B}[K\(cut)")
    }
  }

  /// Ends the line that is being redrawn, so that what follows begins on a new one.
  static func endLine() {
    isDrawn.withLock { drawn in
      if drawn { Terminal.write("\n") }
      drawn = false
    }
  }

  /// Writes a whole line over the one that is redrawn, which is drawn again below it.
  static func writeAbove(_ text: String) {
    isDrawn.withLock { drawn in
      Terminal.write((drawn ? "\r\u{1B}[K" : "") + text)
      drawn = false
    }
  }
}

/// A progress line that an escaping closure can update: of one job.
package final class ProgressBox: Sendable {
  private let title: String
  private let meter: ProgressMeter

  /// - Parameter title: what is done; `unit` is what is counted.
  package init(_ title: String, unit: String) {
    self.title = title
    meter = ProgressMeter(unit: unit)
  }

  package func begin(total: Int) { meter.begin(title, total: total) }
  package func update(_ done: Int, of total: Int) { meter.update(title, done: done, total: total) }
}
