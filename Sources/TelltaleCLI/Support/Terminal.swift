import Foundation

/// What a person reads goes to stderr; stdout is for results.
enum Terminal {
  static func error(_ message: String) { write("telltale: \(message)\n") }
  static func warning(_ message: String) { write("telltale: warning: \(message)\n") }
  static func note(_ message: String) { write("\(message)\n") }

  static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Results on stdout that do not wait for the end of a line; a reader who has left is no reason to stop in the middle.
  static func writeResult(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

  /// Cells in a row of the terminal that results go to; nil where stdout is none.
  static var width: Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// Text from a model or a data file on its way to a terminal: control characters, which could move the cursor or
  /// recolour the screen, are shown as pictures of themselves.
  static func harmless(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A: scalars.append(scalar)
      case 0x00..<0x20: scalars.append(UnicodeScalar(0x2400 + scalar.value) ?? " ")
      case 0x7F..<0xA0: scalars.append("\u{FFFD}")
      case 0x202A...0x202E, 0x2066...0x2069: scalars.append("\u{FFFD}")
      default: scalars.append(scalar)
      }
    }
    return String(scalars)
  }
}

/// A line that says how far a job is, redrawn in place on a terminal and silent elsewhere.
struct Progress {
  let title: String
  let total: Int
  private let started = Date()
  private var drawn = Date.distantPast

  init(_ title: String, total: Int) {
    self.title = title
    self.total = total
  }

  mutating func update(_ done: Int) {
    guard Terminal.isInteractive, Date().timeIntervalSince(drawn) > 0.1 || done == total else { return }
    drawn = Date()
    let seconds = Date().timeIntervalSince(started)
    let left = done > 0 ? seconds / Double(done) * Double(total - done) : 0
    let rate = seconds > 0 ? Double(done) / seconds : 0
    Terminal.write(
      "\r\u{1B}[K\(title): \(done) of \(total), \(String(format: "%.1f", rate))/s, \(Int(left.rounded())) s left")
    if done == total { Terminal.write("\n") }
  }
}
