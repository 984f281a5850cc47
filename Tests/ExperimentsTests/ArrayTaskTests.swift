import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

@Suite("Array tasks share a run without overlap", .tags(.process))
struct ArrayTaskTests {
  private func task(_ text: String) throws -> ArrayTask { try #require(ArrayTask(text)) }

  @Test("A task is written index/count, counted from 0")
  func parsing() throws {
    #expect(ArrayTask("2/4") == ArrayTask(index: 2, count: 4))
    #expect(try task("0/1").description == "0/1")
    for text in ["4/4", "-1/4", "1", "1/0", "a/b", "1/2/3", "0/1000000", ""] { #expect(ArrayTask(text) == nil) }
  }

  @Test("Equal chunks are shared evenly, in neighbours")
  func evenShares() throws {
    // Middles at 1/12, 3/12, ... 11/12: two each for three tasks.
    let weights = [5, 5, 5, 5, 5, 5]
    let shares = try (0..<3).map { try task("\($0)/3").share(of: weights) }
    #expect(shares == [[0, 1], [2, 3], [4, 5]])
    #expect(try task("0/1").share(of: weights) == [0, 1, 2, 3, 4, 5])
  }

  @Test("A heavy piece goes to one task and the others take the rest")
  func heavyPiece() throws {
    // Of 10 in all, the first piece has its middle at 4, hence in the first half; the others at 8.5 and 9.5.
    #expect(try task("0/2").share(of: [8, 1, 1]) == [0])
    #expect(try task("1/2").share(of: [8, 1, 1]) == [1, 2])
  }

  @Test("Whatever the weights and the number of tasks, every piece is in exactly one share")
  func partition() throws {
    for count in [1, 2, 3, 7, 40] {
      let weights = (0..<23).map { 1 + $0 * 37 % 11 }
      let shares = try (0..<count).flatMap { try task("\($0)/\(count)").share(of: weights) }
      #expect(shares.sorted() == Array(0..<23), "\(count) tasks")
    }
  }

  @Test("Tasks of one array work side by side; nobody has the directory alone meanwhile")
  func sharedLock() throws {
    let folder = try ScratchFolder()
    do {
      let locks = try [
        TaskLock(RunDirectory(existing: folder.url), task("0/3")),
        TaskLock(RunDirectory(existing: folder.url), task("2/3")),
      ]
      #expect(RunLock.holders(of: RunLayout(folder.url)).map(\.task) == ["0/3", "2/3"])
      let alone = #expect(throws: TelltaleError.self) { try RunLock(RunLayout(folder.url)) }
      #expect(alone?.message.contains("is in use: array task 0/3, process \(getpid()) on ") == true)
      let overlapping = #expect(throws: TelltaleError.self) {
        try TaskLock(RunDirectory(existing: folder.url), task("1/4"))
      }
      #expect(overlapping?.message.contains("its share overlaps that of 1/4") == true)
      withExtendedLifetime(locks) {}
    }
    #expect(RunLock.holders(of: RunLayout(folder.url)).isEmpty)
    let alone = try RunLock(RunLayout(folder.url))
    let refused = #expect(throws: TelltaleError.self) { try TaskLock(RunDirectory(existing: folder.url), task("0/3")) }
    #expect(refused?.message.contains("is in use: process \(getpid())") == true)
    withExtendedLifetime(alone) {}
  }

  @Test("What tasks took says how much is left; a second try goes on with the first one's times")
  func times() throws {
    let folder = try ScratchFolder()
    let run = try MadeRun(folder)
    let stage = RecordStage(model: "one", target: "test")
    try run.directory.write(StageRecord(MadeRun.planned(stage), rows: 96, chunkRows: 24), of: stage)
    for (chunk, seconds) in [(0, 8.0), (1, 4)] {
      var times = TaskTimes(run.directory, try task("1/2"))
      try times.add(seconds, stage: stage.name, chunk: chunk)
    }
    let status = try RunStatus(run.url)
    let own = try #require(status.stages.first { $0.kind == "record" && $0.model == "one" && $0.subject == "test" })
    // 48 rows in 12 seconds; the other 48 take as long.
    #expect(own.state == .partial && own.rowsPerSecond == 4 && own.secondsLeft == 12)
    #expect(status.recordingSecondsLeft == 12 && status.holders.isEmpty)
  }

  @Test("A word of a script is one word with any characters in it")
  func quoting() throws {
    let folder = try ScratchFolder()
    let words = ["a b", "it's", "$HOME `id` \"x\"", "-n", "%a\\"]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "printf '%s\\n' " + words.map(SlurmScript.quoted).joined(separator: " ")]
    let output = try folder.write("", to: "output")
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    process.waitUntilExit()
    #expect(try String(contentsOf: output, encoding: .utf8) == words.joined(separator: "\n") + "\n")
  }
}
