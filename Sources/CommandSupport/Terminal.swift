import Foundation
import Foundations
import Synchronization

/// What a person reads goes to stderr; stdout is for results.
package enum Terminal {
  /// Which of the programs this is.
  private static let program: String = {
    let name = URL(fileURLWithPath: CommandLine.arguments.first ?? "").lastPathComponent
    return name == "telltale-bench" || name == "TelltaleBench" ? "telltale-bench" : "telltale"
  }()

  /// How much is said on stderr.
  package enum Talk: Int, Sendable { case quiet, normal, verbose }

  private static let chosenTalk = Mutex(Talk.normal)
  package static var talk: Talk { chosenTalk.withLock { $0 } }
  package static func setTalk(_ talk: Talk) { chosenTalk.withLock { $0 = talk } }

  package static func error(_ message: String) { complain(message, "", .bad) }
  package static func warning(_ message: String) { complain(message, "warning: ", .doubtful) }

  private static func complain(_ message: String, _ kind: String, _ colour: TerminalColour.Meaning) {
    let start = TerminalColour.ofErrors.text("\(program): \(kind)", colour)
    ProgressMeter.writeAbove("\(start)\(wrapped(SafeText.sentence(message), after: program.count + 2 + kind.count))\n")
  }

  /// What is being done; not said with --quiet.
  package static func note(_ message: String) {
    if talk != .quiet { ProgressMeter.writeAbove("\(wrapped(message))\n") }
  }

  /// What only --verbose asks for.
  package static func detail(_ message: @autoclosure () -> String) {
    if talk == .verbose { ProgressMeter.writeAbove("\(message())\n") }
  }

  /// Broken at words where it goes to a terminal.
  private static func wrapped(_ text: String, after start: Int = 0) -> String {
    guard let width = errorWidth, width > 2 * start else { return text }
    let rows = text.split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { WrappedText.rows(String($0), width: width - start) }
    return rows.joined(separator: "\n")
  }

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
  package static var width: Int? { width(of: STDOUT_FILENO) }

  /// The same of the terminal that messages go to.
  static var errorWidth: Int? { width(of: STDERR_FILENO) }

  private static func width(of stream: Int32) -> Int? {
    var size = winsize()
    guard isatty(stream) == 1, ioctl(stream, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
