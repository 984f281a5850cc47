import Foundation
import Foundations

/// What a person reads goes to stderr; stdout is for results.
package enum Terminal {
  /// Which of the programs this is.
  private static let program: String = {
    let name = URL(fileURLWithPath: CommandLine.arguments.first ?? "").lastPathComponent
    return name == "telltale-bench" || name == "TelltaleBench" ? "telltale-bench" : "telltale"
  }()

  package static func error(_ message: String) { write("\(program): \(SafeText.sentence(message))\n") }
  package static func warning(_ message: String) { write("\(program): warning: \(SafeText.sentence(message))\n") }
  package static func note(_ message: String) { write("\(message)\n") }

  package static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

  /// What cannot be written is dropped.
  package static func write(_ text: String) { StandardStreams.write(message: text) }

  /// Results on stdout that do not wait for the end of a line. That they were lost is said at the end of the command.
  package static func writeResult(_ text: String) {
    StandardStreams.write(result: text)
    StandardStreams.flush()
  }

  /// Whether results may be coloured: on a terminal that can, unless `NO_COLOR` is set (https://no-color.org).
  package static var resultsHaveColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(STDOUT_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Cells in a row of the terminal that results go to; nil where stdout is none.
  package static var width: Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }
}

/// A line that says how far a job is, redrawn in place on a terminal and silent elsewhere.
package struct ProgressLine {
  package let title: String
  package let total: Int
  private let started = Date()
  private var drawn = Date.distantPast

  package init(_ title: String, total: Int) {
    self.title = title
    self.total = total
  }

  package mutating func update(_ done: Int) {
    guard Terminal.isInteractive, Date().timeIntervalSince(drawn) > 0.1 || done == total else { return }
    drawn = Date()
    let seconds = Date().timeIntervalSince(started)
    let left = done > 0 ? seconds / Double(done) * Double(total - done) : 0
    let rate = seconds > 0 ? Double(done) / seconds : 0
    Terminal.write(
      "\r\u{1B}[K\(title): \(done) of \(total), \(String(format: "%.1f", rate))/s, \(Int(saturating: left.rounded())) s left"
    )
    if done == total { Terminal.write("\n") }
  }
}
