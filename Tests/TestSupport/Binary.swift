import Foundation
import Testing

/// The built programs, run as a user runs them.
package enum Binary {
  package struct Outcome {
    package var code: Int32
    package var output: String
    package var errors: String

    /// The JSON object of each line of the output.
    package func rows<Row: Decodable>(_ type: Row.Type = Row.self) throws -> [Row] {
      try output.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
    }
  }

  package static let url = url(of: "telltale")

  /// Beside the test bundle, else in the checkout's debug build.
  private static func url(of program: String) -> URL {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: program)
    return FileManager.default.isExecutableFile(atPath: beside.path)
      ? beside : Fixtures.repository.appending(path: ".build/debug/\(program)")
  }

  /// Runs a program with arguments, in `folder`, with `input` on stdin.
  package static func run(
    program: String = "telltale", _ arguments: [String], input: String = "", in folder: ScratchFolder? = nil,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    let streams = try ScratchFolder()
    let process = Process()
    process.executableURL = url(of: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = folder?.url ?? streams.url
    // Files rather than pipes: nothing can fill up while the program runs.
    process.standardInput = try FileHandle(forReadingFrom: streams.write(input, to: "input"))
    process.standardOutput = try FileHandle(forWritingTo: streams.write("", to: "output"))
    process.standardError = try FileHandle(forWritingTo: streams.write("", to: "errors"))
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: streams.url.appending(path: name)), as: UTF8.self)
    }
    #expect(process.terminationReason == .exit, "the program was ended by a signal")
    return Outcome(code: process.terminationStatus, output: try text("output"), errors: try text("errors"))
  }

  /// Runs a command that must succeed.
  package static func succeed(
    program: String = "telltale", _ arguments: [String], input: String = "", in folder: ScratchFolder? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(program: program, arguments, input: input, in: folder)
    #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
    return outcome
  }

  package static func model(_ name: String) -> String { Fixtures.file("models/\(name)").path }
}

extension Binary {
  /// Starts the program and waits until it has made `file`; then it is stopped, so that it cannot end unseen before it is
  /// killed. Between two looks it is stopped as well: it gets on a few milliseconds at a time, however seldom this test has
  /// its turn on a busy machine.
  package static func stopped(_ arguments: [String], in folder: ScratchFolder, when file: URL) throws -> Process {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let patience = Date(timeIntervalSinceNow: 120)
    while process.isRunning, Date() < patience {
      kill(process.processIdentifier, SIGSTOP)
      if FileManager.default.fileExists(atPath: file.path) { break }
      kill(process.processIdentifier, SIGCONT)
      usleep(5_000)
    }
    return process
  }
}
