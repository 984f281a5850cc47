import CommandSupport
import Foundation
import TestSupport
import Testing

@testable import TelltaleCLI

/// What a slip of the keyboard gets: the word that is wrong and the one that was meant, exit code 2.
struct UsageTests {
  private func fault(_ line: String) throws -> String? {
    try #require(UsageCheck(Telltale.self)).fault(line.split(separator: " ").map(String.init))?.sentence
  }

  @Test(
    "A misspelled command is answered with the one that was meant",
    arguments: [
      ("extrac", "there is no command \"extrac\"; did you mean extract?"),
      ("steer swep", "there is no command \"swep\" of telltale steer; did you mean sweep?"),
      (
        "vector foo", "there is no command \"foo\" of telltale vector; there are inspect, combine, import, export, lens"
      ),
      ("help evaluat", "there is no command \"evaluat\"; did you mean evaluate?"),
      ("help vector insect", "there is no command \"insect\" of telltale vector; did you mean inspect?"),
    ])
  func commands(_ line: String, _ expected: String) throws { #expect(try fault(line) == expected) }

  @Test(
    "An option that there is not is reported before one that is missing",
    arguments: [
      ("extract --frobnicate", "telltale extract has no option --frobnicate"),
      ("run --chekc a.yaml", "telltale run has no option --chekc; did you mean --check?"),
      ("extract --model m --outptu=v", "telltale extract has no option --outptu; did you mean --output?"),
      ("steer --vektor v", "telltale steer has no option --vektor; did you mean --vector?"),
    ])
  func options(_ line: String, _ expected: String) throws { #expect(try fault(line) == expected) }

  @Test(
    "What is spelled right is left to the parser",
    arguments: [
      "help", "help vector inspect", "run a.yaml", "generate --model m --prompt --dashes", "extract --model m -h",
      "steer sweep --scales -1,1 --help", "generate --scale --5", "predict runs/demo", "label runs/demo --label=",
      "extract -- --frobnicate",
    ])
  func rightWords(_ line: String) throws {
    // A value that looks like an option is one, where the option does not take everything.
    #expect(try fault(line) == nil || line.contains("--dashes"))
  }

  @Test("The program ends with code 2 and one sentence", .tags(.process))
  func process() throws {
    for words in [["extrac"], ["help", "frob"], ["extract", "--frobnicate"]] {
      let outcome = try Binary.run(words)
      #expect(outcome.code == 2 && outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("telltale: ") && outcome.errors.contains("--help' for more information"))
    }
    #expect(try Binary.run(["help", "extract"]).code == 0)
  }

  @Test("Help lists the types that a model computes in, and no Swift values", .tags(.process))
  func help() throws {
    let help = try Binary.succeed(["help", "extract"]).output
    #expect(help.contains("float32, bfloat16, float16)") && !help.contains("int64") && !help.contains("LayerList"))
    #expect(help.contains("(default: all)") && help.contains("--quiet") && help.contains("--verbose"))
  }

  @Test("Options that would change nothing are refused")
  func idleOptions() throws {
    let common = ["generate", "--model", "organism-shared", "--prompt", "hi"]
    for (options, expected) in [
      (["--layer", "1", "--scale", "2"], "--layer and --scale go with --add"),
      (["--layers", "0"], "goes with --ablate"),
      (["--edit-positions", "generated"], "--edit-positions goes with"),
      (["--quiet", "--verbose"], "exclude each other"),
    ] {
      let message = #expect(throws: (any Error).self) { try Telltale.parseAsRoot(common + options) }
      #expect(message.map { Telltale.fullMessage(for: $0).contains(expected) } ?? false)
    }
  }
}
