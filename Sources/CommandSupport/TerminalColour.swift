import Foundation

/// Colour by the rules of terminals: none where output is no terminal, where `NO_COLOR` is set or `TERM` is `dumb`;
/// `CLICOLOR_FORCE` asks for it everywhere (no-color.org, bixense.com/clicolors).
package struct TerminalColour: Sendable {
  /// What a coloured word means; the word says it too.
  package enum Meaning: String, Sendable {
    case good = "32"
    case bad = "31"
    case doubtful = "33"
    case strong = "1"
    case faint = "2"
  }

  package let isOn: Bool

  package init(isTerminal: Bool, environment: [String: String]) {
    func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
    let isForced = isSet("CLICOLOR_FORCE") && environment["CLICOLOR_FORCE"] != "0"
    let isRefused = isSet("NO_COLOR") || environment["CLICOLOR"] == "0"
    isOn = !isSet("NO_COLOR") && (isForced || (isTerminal && !isRefused && environment["TERM"] != "dumb"))
  }

  package static let ofResults = TerminalColour(
    isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)
  static let ofErrors = TerminalColour(
    isTerminal: isatty(STDERR_FILENO) == 1, environment: ProcessInfo.processInfo.environment)

  package func text(_ text: String, _ meaning: Meaning) -> String {
    isOn ? "\u{1B}[\(meaning.rawValue)m\(text)\u{1B}[0m" : text
  }
}
