import Foundation
import Steering
import TestSupport
import Testing

@testable import Experiments

/// `Tests/Fixtures/judge/server.py`, running as long as the value is there.
final class JudgeServer {
  struct Request: Decodable {
    var path: String
    var model: String
    var text: String
    var key: String
    var time: Double
  }

  private let process = Process()
  /// The server ends when this is closed, also where the test's process is killed.
  private let life = Pipe()
  private let log: URL
  let url: String

  init(_ folder: ScratchFolder) throws {
    log = try folder.write("", to: "requests.jsonl")
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", Fixtures.file("judge/server.py").path, log.path]
    process.standardInput = life
    process.standardOutput = output
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)), "the server gave no port")
    url = "http://127.0.0.1:\(port)/v1"
  }

  deinit { try? life.fileHandleForWriting.close() }

  func requests() throws -> [Request] {
    try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
  }

  func endpoint(_ model: String, key: String? = nil, timeout: Double = 1.5) throws -> JudgeEndpoint {
    try JudgeEndpoint(url: url, model: model, key: key, timeout: timeout)
  }
}

extension MadeRun {
  /// Gives every row of the target sets a prompt and an answer that says its label.
  func speak(_ answer: (_ index: Int, _ label: Int) -> String = { $1 == 1 ? "I agree, \($0)." : "No, \($0)." }) throws {
    for model in ["one", "two"] {
      for number in 0..<2 {
        let file = directory.url.appending(path: "chunks/\(model)/test/\(number)/rows.jsonl")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let spoken = try lines.map { line in
          var row = try JSONDecoder().decode(RecordedRow.self, from: Data(line.utf8))
          row.prompt = "I am for it. What do you say?"
          row.continuation = answer(row.row, row.label ?? 0)
          return String(decoding: try encoder.encode(row), as: UTF8.self)
        }
        try Data((spoken.joined(separator: "\n") + "\n").utf8).write(to: file)
        try RecordingFolder.writeSums(in: file.deletingLastPathComponent())
      }
    }
  }
}
