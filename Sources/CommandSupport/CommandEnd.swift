import ArgumentParser
import Foundation
import Foundations
import Torch

extension ParsableCommand {
  /// Parses the arguments, runs the command and ends the process: 0 done, 1 failed, 2 wrong usage or input.
  package static func runToEnd() {
    StandardStreams.open()
    ProcessTime.begin()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)  // a limit on file sizes is told in a sentence
    MappedFiles.explainFaults()
    do {
      try StandardStreams.raiseFileLimit()
      try checkArguments()
      var command = try parsed()
      try Runtime.start()
      try command.run()
      try StandardStreams.finish()
      sayWhatItTook()
      try MappedFiles.checkUnchanged()
    } catch {
      finish(with: error)
    }
  }

  /// The command that the arguments name. Misspelled words are reported before what is missing.
  private static func parsed() throws -> any ParsableCommand {
    let words = Array(CommandLine.arguments.dropFirst())
    if words.first == "help" { refuseFault(of: words) }
    do { return try parseAsRoot() } catch {
      if exitCode(for: error) != .success { refuseFault(of: words) }
      throw error
    }
  }

  private static func refuseFault(of words: [String]) {
    guard let fault = UsageCheck(Self.self)?.fault(words) else { return }
    Terminal.error(fault.sentence)
    Terminal.write("See '\(fault.command) --help' for more information.\n")
    Foundation.exit(2)
  }

  /// With --verbose: time and memory of the whole command.
  private static func sayWhatItTook() {
    let seconds = String(format: "%.1f", ProcessTime.sinceStart)
    let peak = ProcessMemory.now.peak.map { ", at most \($0 >> 20) MiB in memory" } ?? ""
    Terminal.detail("done in \(seconds) s\(peak)")
  }

  /// An argument that is not UTF-8 would be taken with other characters in its place.
  private static func checkArguments() throws(TelltaleError) {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil else { continue }
      throw TelltaleError(
        .badInput, "argument \(index) is not UTF-8 text: \(SafeText.quoted(String(cString: argument)))")
    }
  }

  /// One clear sentence on stderr and the exit code that says whose turn it is: 2 the user's, 1 ours.
  private static func finish(with error: any Error) -> Never {
    let code = exitCode(for: error)
    // Help and version are results too.
    if !(error is TelltaleError), code == .success { end(afterPrinting: fullMessage(for: error)) }
    ProgressMeter.endLine()
    StandardStreams.flush()
    if let located = error as? TelltaleError {
      Terminal.error(located.advice)
      Foundation.exit(located.isBadInput ? 2 : 1)
    }
    if code == .validationFailure || error is ValidationError {
      printUsageError(fullMessage(for: error).replacingOccurrences(of: "Error: ", with: ""))
      Foundation.exit(2)
    }
    Terminal.error("\(error)")
    Foundation.exit(1)
  }

  private static func end(afterPrinting text: String) -> Never {
    if !text.isEmpty { Output.line(text) }
    do { try StandardStreams.finish() } catch {
      Terminal.error(error.advice)
      Foundation.exit(1)
    }
    Foundation.exit(0)
  }

  /// What is wrong as one sentence, then the lines that say how the command is used.
  private static func printUsageError(_ message: String) {
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
    let usage = lines.firstIndex { $0.hasPrefix("Usage:") || $0.hasPrefix("Help:") } ?? lines.endIndex
    Terminal.error(lines[..<usage].joined(separator: " "))
    for line in lines[usage...] { Terminal.write("\(line)\n") }
  }
}
