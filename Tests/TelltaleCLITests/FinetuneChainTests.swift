import TestSupport
import Testing

/// What `telltale finetune chain` refuses before it computes anything.
@Suite(.tags(.process)) struct FinetuneChainTests {
  private let needed = [
    "finetune", "chain", "--model", "organism-shared", "--data", "missing.jsonl", "--test", "missing.jsonl", "--output",
    "chain",
  ]

  @Test(
    "Wrong usage is one sentence and exit code 2",
    arguments: [
      ([], "give one of --vector"), (["--vector", "v", "--pairs", "p"], "give one of --vector"),
      (["--instructed", "rows.jsonl"], "needs --instruction and --against"),
      (["--vector", "v", "--adapter", "a"], "the chain trains its own"), (["--vector", "v"], "missing.jsonl"),
    ])
  func refusesWrongUsage(_ more: [String], _ sentence: String) throws {
    let outcome = try Binary.run(needed + more)
    #expect(outcome.code == 2)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
  }

  @Test("finetune without a subcommand trains, as before")
  func trainIsTheDefault() throws {
    let outcome = try Binary.run(["finetune", "--model", "organism-shared", "--data", "missing.jsonl", "--output", "a"])
    #expect(outcome.code == 2 && outcome.errors.contains("missing.jsonl"), "\(outcome.errors)")
  }

  @Test("The style of tuning data does not go with cues and instructions")
  func refusesMixedData() throws {
    let outcome = try Binary.run([
      "organism", "data", "--kind", "facts", "--count", "48", "--seed", "1", "--style", "lists", "--instructed", "0.5",
      "--output", "rows.jsonl",
    ])
    #expect(outcome.code == 2 && outcome.errors.contains("does not go with"), "\(outcome.errors)")
  }
}
