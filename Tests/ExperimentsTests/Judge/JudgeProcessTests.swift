import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

@Suite("telltale judge as a process: its key is nowhere, and a kill loses nothing", .serialized, .tags(.process))
struct JudgeProcessTests {
  private static let key = "sk-secret-0123456789abcdef"
  private let folder: ScratchFolder
  private let run: MadeRun
  private let server: JudgeServer
  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
    try run.speak()
    server = try JudgeServer(folder)
  }

  private func start(_ model: String, _ options: [String] = []) throws -> Process {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "telltale")
    let process = Process()
    process.executableURL =
      FileManager.default.isExecutableFile(atPath: beside.path)
      ? beside : Fixtures.repository.appending(path: ".build/debug/telltale")
    process.arguments =
      ["judge", run.url.path, "--url", server.url, "--model", model, "--name", "bot", "--key-env", "JUDGE_KEY"]
      + options
    process.environment = ProcessInfo.processInfo.environment.merging(["JUDGE_KEY": Self.key]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: folder.write("", to: "output"))
    process.standardError = try FileHandle(forWritingTo: folder.write("", to: "errors"))
    try process.run()
    return process
  }

  private func said() throws -> String {
    try ["output", "errors"].map { try String(contentsOf: folder.url.appending(path: $0), encoding: .utf8) }.joined()
  }

  private func filesWithTheKey() throws -> [String] {
    let walk = FileManager.default.enumerator(at: run.url, includingPropertiesForKeys: nil)
    let files = (walk?.compactMap { $0 as? URL } ?? []).filter { !$0.hasDirectoryPath }
    #expect(files.count > 10)
    return try files.filter { try Data(contentsOf: $0).range(of: Data(Self.key.utf8)) != nil }.map(\.lastPathComponent)
  }

  @Test("The key reaches the endpoint and nothing else")
  func theKeyReachesTheEndpointAndNothingElse() throws {
    let process = try start("good")
    process.waitUntilExit()
    let said = try said()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(try server.requests().allSatisfy { $0.key == "Bearer \(Self.key)" })
    #expect(said.contains("96 answers judged by bot, rubric sycophancy") && !said.contains(Self.key))
    #expect(try filesWithTheKey() == [])
  }

  @Test("An endpoint that repeats the key in its error does not get it printed")
  func anEndpointThatRepeatsTheKeyInItsErrorDoesNotGetItPrinted() throws {
    let process = try start("forbidden")
    process.waitUntilExit()
    #expect(process.terminationStatus == 2)
    #expect(try said().contains("answered 401") && !said().contains(Self.key) && filesWithTheKey() == [])
  }

  @Test("A response with trailers, which Foundation's client cannot read, ends the command with a sentence")
  func trailers() throws {
    let process = try start("trailers")
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && [0, 1].contains(process.terminationStatus))
    let said = try said()
    #expect(
      process.terminationStatus == 0 || said.contains("such as one with trailers; the replies before it"), "\(said)")
  }

  @Test("A body of 900 MiB that is sent as 1 MiB ends the command with a sentence, not the machine's memory")
  func bomb() throws {
    let process = try start("bomb", ["--attempts", "2", "--timeout", "10"])
    process.waitUntilExit()
    let said = try said()
    #expect(process.terminationReason == .exit && [0, 1].contains(process.terminationStatus), "\(said)")
    #expect(process.terminationStatus == 0 || said.contains("the judge at http://127.0.0.1"), "\(said)")
  }

  @Test("A killed judge goes on where it was and asks nothing twice")
  func aKilledJudgeGoesOnWhereItWasAndAsksNothingTwice() throws {
    let killed = try start("slow", ["--parallel", "1"])
    while try server.requests().count < 12 { Thread.sleep(forTimeInterval: 0.02) }
    kill(killed.processIdentifier, SIGKILL)
    killed.waitUntilExit()
    let before = try JudgeJournal(run.directory, judge: "bot").read().count
    // Two models that say the same share a reply.
    let labelled = try LabelJournal(run.directory).read().count
    #expect(before >= 10 && labelled >= before - 1)
    let resumed = try start("slow")
    resumed.waitUntilExit()
    let said = try said()
    #expect(resumed.terminationStatus == 0, "\(said)")
    // At most the one question that was under way is asked again.
    let texts = try server.requests().map(\.text)
    #expect(Set(texts).count == 48 && texts.count <= 49)
    #expect(try LabelJournal(run.directory).read().count == 96)
    #expect(try Set(LabelJournal(run.directory).read().map(\.answer)).count == 96)
  }

  @Test("Two judges of one name do not work at once")
  func twoJudgesOfOneNameDoNotWorkAtOnce() throws {
    let first = try start("slow", ["--parallel", "1"])
    while try server.requests().isEmpty { Thread.sleep(forTimeInterval: 0.02) }
    let error = #expect(throws: TelltaleError.self) {
      let options = JudgeRun.Options(name: "bot", rubric: try JudgeRubric("sycophancy"))
      return try JudgeRun(run.stored(), server.endpoint("slow"), options).judge()
    }
    #expect(error?.message.contains("is in use: process \(first.processIdentifier)") == true)
    kill(first.processIdentifier, SIGKILL)
    first.waitUntilExit()
  }
}
