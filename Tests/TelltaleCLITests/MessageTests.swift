import Foundation
import TestSupport
import Testing

/// What a command says on stderr while it works, and when it is interrupted.
@Suite(.serialized, .tags(.process)) struct MessageTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let model = Binary.model("tiny-llama")
  private static let demo = Fixtures.repository.appending(path: "Experiments/demo.yaml").path

  @Test("Work begins with a line that names model, arithmetic, threads and rows; --quiet leaves it out")
  func startLine() throws {
    let generate = ["generate", "--model", Self.model, "--prompt", "Hi", "--max-tokens", "2", "--threads", "1"]
    let outcome = try Binary.succeed(generate, in: folder)
    #expect(outcome.errors == "\(Self.model): float16, 1 thread; 1 prompt\n")
    #expect(try Binary.succeed(generate + ["--quiet"], in: folder).errors.isEmpty)
    let verbose = try Binary.succeed(generate + ["--verbose"], in: folder)
    #expect(verbose.output == outcome.output)
    for part in ["4 layers of width 64", "1 thread; 1 prompt", "done in "] { #expect(verbose.errors.contains(part)) }
  }

  @Test("run --check says what a run would do, or what is wrong, and makes nothing")
  func check() throws {
    let outcome = try Binary.succeed(["run", Self.demo, "--check"], in: folder)
    for part in ["organism-split: 6 layers of width 128", "facts-test: 768 rows of 48 questions", "The file is right"] {
      #expect(outcome.output.contains(part), "\(outcome.output)")
    }
    struct Check: Decodable {
      struct Data: Decodable { var rows: Int }
      var datasets: [Data]
      var stages: Int
    }
    let limited = try Binary.succeed(["run", Self.demo, "--check", "--limit", "5", "--json"], in: folder)
    let check = try #require(try limited.rows(Check.self).first)
    #expect(check.datasets.allSatisfy { $0.rows <= 5 } && check.stages > 0)
    let wrong = try Binary.run(["run", Self.demo, "--check", "--model", "someone/model"], in: folder)
    #expect(wrong.code == 2 && wrong.errors.contains("hf download someone/model"), "\(wrong.errors)")
    #expect(try folder.names().isEmpty)
  }

  @Test("Ctrl-C says what is kept and how to go on, and ends the process by the signal")
  func interruption() throws {
    let line = """
      "$T" run "\(Self.demo)" --output run --threads 1 >out 2>err & p=$!
      for i in $(seq 2400); do compgen -G 'run/chunks/*/*/*' >/dev/null && break; sleep 0.05; done
      kill -INT $p; wait $p; echo $? > code
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.merging(["T": Binary.url.path]) { $1 }
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: folder.url.appending(path: name)), as: UTF8.self)
    }
    #expect(try text("code") == "130\n")
    let errors = try text("err")
    let last = try #require(errors.split(separator: "\n").last)
    #expect(
      last.hasPrefix("telltale: interrupted; ") && last.hasSuffix("go on with telltale run run --resume"), "\(errors)")
    #expect(errors.contains("organism-shared: float32, 1 thread; 1536 rows to record, 3 vectors to make"), "\(errors)")
  }
}
