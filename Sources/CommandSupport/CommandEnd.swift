import ArgumentParser
import Foundation
import Foundations
import Torch

extension ParsableCommand {
  /// Parses the arguments, runs the command and ends the process: 0 done, 1 failed, 2 wrong usage or input.
  package static func runToEnd() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)  // a limit on file sizes is told in a sentence
    do {
      var command = try parseAsRoot()
      try Runtime.start()
      try command.run()
    } catch {
      finish(with: error)
    }
  }

  /// One clear sentence on stderr and the exit code that says whose turn it is: 2 the user's, 1 ours.
  private static func finish(with error: any Error) -> Never {
    if let located = error as? TelltaleError {
      Terminal.error(located.advice)
      Foundation.exit(located.isBadInput ? 2 : 1)
    }
    let code = exitCode(for: error)
    if code == .success { exit(withError: error) }
    if code == .validationFailure || error is ValidationError {
      Terminal.error(fullMessage(for: error).replacingOccurrences(of: "Error: ", with: ""))
      Foundation.exit(2)
    }
    Terminal.error("\(error)")
    Foundation.exit(1)
  }
}
