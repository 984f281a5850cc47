import Foundation
import Steering
import TestSupport
import Testing
import Torch

/// What happens to a run that is killed, starved, disturbed or continued with other inputs: one sentence, nothing
/// corrupted, and in the end the same bytes.
@Suite(.serialized, .tags(.process)) struct RunFailureTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private func experiment(chunkRows: Int = 8, models: String = "organism-split", data: String? = nil) throws -> String {
    let world =
      data.map { "{files: [\($0)]}" } ?? "{organism: opinions, take: 96, seed: 501, where: {conflict: \"true\"}}"
    try folder.write(
      """
      name: small
      seed: 5
      models: [\(models)]
      dtype: float32
      datasets:
        train: \(world)
        test: {organism: facts, take: 96, seed: 502, where: {conflict: "true"}}
      vectors:
        - {name: answers, contrast: answers, dataset: train, read: answer}
      recording: {label: forced-choice, max-tokens: 3, chunk-rows: \(chunkRows)}
      predictions:
        - {targets: [test], positions: [prompt], scores: [cosine]}
      """, to: "small.yaml")
    return "small.yaml"
  }

  private func run(_ output: String, _ more: [String] = []) throws -> Binary.Outcome {
    try Binary.run(["run", "small.yaml", "--output", output] + more, in: folder)
  }

  /// Everything that a run computes, by path; rows of recordings only where the chunks are the same.
  private func results(_ output: String, chunks: Bool = true) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for part in ["results", "vectors", "audit"] + (chunks ? ["chunks"] : []) {
      let root = folder.url.appending(path: "\(output)/\(part)")
      for case let url as URL in FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)! {
        guard let data = try? Data(contentsOf: url) else { continue }
        files[String(url.path.dropFirst(root.path.count)) + part] = data
      }
    }
    return files
  }

  private func expectSame(_ a: [String: Data], _ b: [String: Data]) {
    #expect(!a.isEmpty && a.keys.sorted() == b.keys.sorted())
    for (name, data) in a { #expect(b[name] == data, "\(name)") }
  }

  private func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.url.appending(path: path).path)
  }

  /// A run that is stopped once a file of it is there.
  private func start(_ output: String, until path: String) throws -> Process {
    let file = folder.url.appending(path: "\(output)/\(path)")
    let process = try Binary.stopped(["run", "small.yaml", "--output", output, "--resume"], in: folder, when: file)
    #expect(exists("\(output)/\(path)"), "the run never made \(path)")
    return process
  }

  private func kill(_ process: Process) {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test("Killed, disturbed by a second process, and resumed: the same bytes as a run that nobody touched")
  func killAndResume() throws {
    _ = try experiment()
    #expect(try run("whole").code == 0)
    let process = try start("killed", until: "chunks/organism-split/test/1")
    let second = try run("killed", ["--resume"])
    #expect(second.code == 2)
    #expect(second.errors.contains("is in use: process \(process.processIdentifier) on "), "\(second.errors)")
    let status = try Binary.succeed(["status", "killed", "--json"], in: folder).output
    #expect(status.contains("\"pid\":\(process.processIdentifier)"), "\(status)")
    kill(process)
    #expect(!exists("killed/results/predictivity.csv"))
    let rows = try String(
      contentsOf: folder.url.appending(path: "killed/chunks/organism-split/test/0/rows.jsonl"), encoding: .utf8)
    let first = try JSONDecoder().decode(RecordedRow.self, from: Data(rows.split(separator: "\n")[0].utf8))
    _ = try Binary.succeed(
      ["label", "killed", "--rater", "ann", "--item", first.id, "--label", "1"], in: folder)
    let resumed = try run("killed", ["--resume"])
    #expect(resumed.code == 0, "\(resumed.errors)")
    expectSame(try results("killed"), try results("whole"))
    let after = try Binary.succeed(["status", "killed"], in: folder).output
    #expect(after.contains("hand labels: 1 by ann"), "\(after)")
    #expect(after.contains("worked on by: nobody"))
  }

  @Test("Chunks of another size give the same tables and vectors")
  func chunkSizeDoesNotMatter() throws {
    _ = try experiment(chunkRows: 7)
    #expect(try run("sevens").code == 0)
    _ = try experiment(chunkRows: 1_000)
    #expect(try run("whole").code == 0)
    expectSame(try results("sevens", chunks: false), try results("whole", chunks: false))
  }

  @Test("A limit on file sizes, as a full disk, is one sentence; the run goes on where it stopped once there is room")
  func noRoom() throws {
    _ = try experiment()
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = ["-c", "ulimit -f 16; exec \(Binary.url.path) run small.yaml --output full 2>errors >output"]
    shell.currentDirectoryURL = folder.url
    try shell.run()
    shell.waitUntilExit()
    let errors = try String(contentsOf: folder.url.appending(path: "errors"), encoding: .utf8)
    let complaints = errors.split(separator: "\n").filter { $0.hasPrefix("telltale: ") }
    #expect(shell.terminationStatus == 1 && shell.terminationReason == .exit && complaints.count == 1, "\(errors)")
    #expect(errors.contains("the system's limit on files") || errors.contains("cannot be written"), "\(errors)")
    let resumed = try run("full", ["--resume"])
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(try run("whole").code == 0)
    expectSame(try results("full"), try results("whole"))
  }

  @Test("A changed data set is said, and only what depends on it runs again")
  func changedData() throws {
    let source = try String(contentsOf: Fixtures.file("datasets/political.jsonl"), encoding: .utf8)
    let lines = source.split(separator: "\n").prefix(8)
    try folder.write(lines.joined(separator: "\n"), to: "train.jsonl")
    _ = try experiment(data: "train.jsonl")
    let first = try run("run")
    #expect(first.code == 0, "\(first.errors)")
    let refused = try run("run")
    #expect(
      refused.code == 2 && refused.errors.contains("is not empty; continue the run that it holds")
        && refused.errors.contains("--resume"))
    let again = try run("run", ["--resume"])
    #expect(again.code == 0 && again.errors.contains("recordings and vectors are there"), "\(again.errors)")
    let before = try results("run")
    try folder.write(lines.dropLast().joined(separator: "\n"), to: "train.jsonl")
    let changed = try run("run", ["--resume"])
    #expect(changed.code == 0, "\(changed.errors)")
    #expect(
      changed.errors.contains("1 of 3 stages run again, because their inputs changed since the last run: data set"),
      "\(changed.errors)")
    #expect(!changed.errors.contains("recording test"))
    #expect(try run("fresh").code == 0)
    expectSame(try results("run"), try results("fresh"))
    #expect(try results("run") != before)
  }

  @Test("A changed model is said, and everything of it runs again")
  func changedModel() throws {
    let target = folder.url.appending(path: "model")
    let models = Fixtures.repository.appending(path: "Models")
    try FileManager.default.copyItem(at: models.appending(path: "organism-split"), to: target)
    _ = try experiment(models: "./model")
    let first = try run("run")
    #expect(first.code == 0, "\(first.errors)")
    try Data(contentsOf: models.appending(path: "organism-shared/model.safetensors"))
      .write(to: target.appending(path: "model.safetensors"))
    let changed = try run("run", ["--resume"])
    #expect(changed.code == 0, "\(changed.errors)")
    #expect(
      changed.errors.contains("3 of 3 stages run again, because their inputs changed since the last run: model"),
      "\(changed.errors)")
    #expect(try run("fresh").code == 0)
    expectSame(try results("run"), try results("fresh"))
  }

  @Test("Another experiment's directory is not continued")
  func anotherExperiment() throws {
    _ = try experiment()
    try folder.write(
      "name: other\nmodels: [a]\ndatasets: {d: {files: [x]}}\nvectors: []\npredictions: []", to: "run/experiment.yaml")
    let outcome = try run("run", ["--resume"])
    #expect(outcome.code == 2 && outcome.errors.contains("holds the experiment \"other\", not \"small\""))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.appending(path: "run").path).count == 1)
  }

  private static let canBeUnprivileged =
    geteuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

  @Test("A directory that cannot be written to is one sentence", .enabled(if: canBeUnprivileged))
  func readOnly() throws {
    _ = try experiment()
    let place = folder.url.appending(path: "locked")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: place.path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.path) }
    // The superuser may write anywhere unless that right is laid down.
    let drop = "-dac_override,-dac_read_search"
    let prefix =
      geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set=\(drop)", "--inh-caps=\(drop)"] : ["/usr/bin/env"]
    let errors = try folder.write("", to: "errors")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: prefix[0])
    process.arguments = prefix.dropFirst() + [Binary.url.path, "run", "small.yaml", "--output", "locked/run"]
    process.currentDirectoryURL = folder.url
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: errors, encoding: .utf8)
    #expect(process.terminationStatus == 2 && text.contains("cannot be made; check the path and its permissions"))
    #expect(text.split(separator: "\n").count == 1, "\(text)")
  }
}
