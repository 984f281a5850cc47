import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

/// Results that cannot be written, messages that cannot, too few files, and files that change while they are read.
@Suite(.serialized) struct StandardStreamTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let vector = Fixtures.file("exchange/control.gguf").path

  /// Runs a line of a shell in which `$T` is the program; returns its code and what it wrote to the files `out` and `err`.
  private func shell(_ line: String) throws -> (code: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.merging(["T": Binary.url.path]) { $1 }
    for name in ["out", "err"] { _ = try folder.write("", to: name) }
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: folder.url.appending(path: name)), as: UTF8.self)
    }
    return (process.terminationStatus, try text("out"), try text("err"))
  }

  private func expectOneSentence(
    _ errors: String, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      errors.split(separator: "\n").count == 1 && errors.hasPrefix("telltale: ") && errors.count < 400, "\(errors)",
      sourceLocation: sourceLocation)
    for part in parts { #expect(errors.contains(part), "\(errors)", sourceLocation: sourceLocation) }
  }

  @Test(
    "Results that cannot reach stdout are a failure with a sentence",
    arguments: [
      (">/dev/full", "No space left on device"), (">&-", "stdout is closed"), ("> >(exit 0)", "Broken pipe"),
      ("--json >/dev/full", "make room on the disk"),
    ])
  func lostResults(_ redirection: String, _ reason: String) throws {
    let sleep = redirection.contains("exit 0") ? "sleep 0.3; " : ""
    let outcome = try shell(
      "exec 2>err; { \(sleep)$T vector inspect \(Self.vector); } \(redirection)".replacing(
        "; } --json", with: " --json; }"))
    #expect(outcome.code == 1)
    expectOneSentence(outcome.errors, "the results cannot be written to stdout", reason)
  }

  @Test("Help is a result too")
  func lostHelp() throws {
    let outcome = try shell("$T predict --help >/dev/full 2>err")
    #expect(outcome.code == 1)
    expectOneSentence(outcome.errors, "cannot be written to stdout")
    #expect(try shell("$T --version >out 2>err").output.split(separator: "\n").count == 1)
  }

  @Test("Messages that cannot be written are dropped", arguments: ["2>/dev/full", "2>&-"])
  func lostMessages(_ redirection: String) throws {
    #expect(try shell("$T vector inspect /nope.gguf >out \(redirection)").code == 2)
    let outcome = try shell("$T vector inspect \(Self.vector) >out \(redirection)")
    #expect(outcome.code == 0 && outcome.output.contains("layer"))
  }

  @Test("A closed stream is not taken by a file that is opened next")
  func closedStreams() throws {
    let outcome = try shell(
      "$T vector import \(Self.vector) --output v.safetensors <&- >&- 2>&-; $T vector inspect v.safetensors >out 2>err")
    #expect(outcome.code == 0, "\(outcome.errors)")
  }

  @Test("Too few files is one sentence", arguments: [8, 12, 20, 40])
  func fileLimit(_ limit: Int) throws {
    let outcome = try shell("ulimit -n \(limit); exec $T vector inspect \(Self.vector) >out 2>err")
    #expect(outcome.code == 1 && outcome.output.isEmpty)
    expectOneSentence(outcome.errors, "more files can be opened", "ulimit -n")
  }

  @Test("An argument that is not UTF-8 is refused")
  func arguments() throws {
    let outcome = try shell("$T label . --rater ann --item x --label 1 --note $'a\\xffb' >out 2>err")
    #expect(outcome.code == 2)
    expectOneSentence(outcome.errors, "is not UTF-8 text")
  }

  @Test("A model that is shortened while it is mapped ends the command with one sentence", arguments: [0, 4_096])
  func shortenedModel(_ size: Int) throws {
    let model = folder.url.appending(path: "model")
    try FileManager.default.copyItem(at: Fixtures.file("models/tiny-llama"), to: model)
    let line = """
      "$T" generate --model model --prompt "I think" --max-tokens 400 --ignore-stop --threads 1 --quiet >out 2>err & p=$!
      for i in $(seq 1000); do grep -q model.safetensors /proc/$p/maps 2>/dev/null && break; sleep 0.005; done
      truncate -s \(size) model/model.safetensors; wait $p
      """
    let outcome = try shell(line)
    #expect(outcome.code == 1)
    expectOneSentence(outcome.errors, "model/model.safetensors", "was ", "by another process")
  }
}
