import Foundation
import TestSupport
import Testing

@Suite("telltale serve on the command line", .tags(.process))
struct ServeTests {
  @Test(
    "What cannot be served is said",
    arguments: [
      (["serve"], "Missing expected argument"),
      (["serve", "."], "neither is nor holds a run directory"),
      (["serve", "/nowhere"], "neither is nor holds a run directory"),
      (["serve", ".", "--port", "70000"], "--port must be 0 to 65535"),
      (["serve", ".", "--token", "short"], "a token has 22 to 200"),
      (["serve", ".", "--second-pass", "0"], "--second-pass must be above 0"),
    ])
  func whatCannotBeServedIsSaid(_ arguments: [String], _ complaint: String) throws {
    let folder = try ScratchFolder()
    let outcome = try Binary.run(arguments.map { $0 == "." ? folder.url.path : $0 })
    #expect(outcome.code == 2 && outcome.errors.contains(complaint), "\(outcome.errors)")
  }

  /// Something that passes for a run directory, as nothing is recorded yet.
  private func emptyRun() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write(
      """
      name: empty
      models: [organism-split]
      datasets:
        facts: {organism: facts, take: 16, seed: 1}
      vectors:
        - {name: v, contrast: spontaneous, dataset: facts, read: prompt}
      predictions:
        - {targets: [facts], positions: [prompt], scores: [cosine], shared-questions: true}
      """, to: "experiment.yaml")
    return folder
  }

  @Test("It ends cleanly when it is asked to", arguments: [SIGINT, SIGTERM]) func itEndsCleanlyWhenItIsAskedTo(
    _ signal: Int32
  ) throws {
    let folder = try emptyRun()
    let process = Process()
    process.executableURL = Binary.url
    process.arguments = ["serve", folder.url.path, "--port", "0", "--json"]
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
    try process.run()
    let line = try #require(String(data: output.fileHandleForReading.availableData, encoding: .utf8))
    let address = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    let url = try #require(address["url"].flatMap { URL(string: $0) })
    #expect(url.host == "127.0.0.1" && url.query?.hasPrefix("token=") == true && (url.query?.count ?? 0) >= 28)
    // A port that is taken and was asked for is refused.
    let second = try Binary.run(["serve", folder.url.path, "--port", "\(url.port ?? 0)"])
    #expect(second.code == 2 && second.errors.contains("cannot listen on 127.0.0.1"), "\(second.errors)")
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
  }
}
