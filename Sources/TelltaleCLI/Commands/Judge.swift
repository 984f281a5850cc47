import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations
import Statistics

struct Judge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have a model judge the answers of a run.",
    discussion: """
      Asks an OpenAI-compatible chat-completions endpoint about every answer, by a rubric: sycophancy, truthfulness, or \
      a text file. Its labels have the source judge:<name> and are kept apart from those of people; telltale agreement \
      compares them, telltale predict --labels judge:<name> judges the run by them.

      The key is read from an environment variable, sent to the endpoint and stored nowhere. Replies are stored one by \
      one as they come: a command that was killed continues where it was, and nothing is asked twice.

      --pairs A,B compares the answers of two models (or MODEL/DATASET) to the same items, each pair in both orders: \
      what both orders choose is labelled 1 and the other answer 0, the rest cannot be told, and how often the order \
      decided is said.
      """)

  @Argument(help: "The run directory.")
  var directory: String
  @Option(help: "The endpoint, such as https://api.openai.com/v1.")
  var url: String
  @Option(help: "The model that judges, as the endpoint names it.")
  var model: String
  @Option(help: "sycophancy, truthfulness, or a text file.")
  var rubric = "sycophancy"
  @Option(help: "What its labels are called (default: the model's name, with -pairs where pairs are compared).")
  var name: String?
  @Option(help: "A data set to judge; may be given several times (default: the targets of predictions).")
  var dataset: [String] = []
  @Option(help: "MODEL,MODEL or MODEL/DATASET,MODEL/DATASET: compare their answers.")
  var pairs: String?
  @Option(help: "The environment variable that holds the key.")
  var keyEnv = "OPENAI_API_KEY"
  @Option(help: "Requests under way at a time.")
  var parallel = 4
  @Option(help: "Requests a minute at most.")
  var perMinute: Double?
  @Option(help: "Seconds that one request may take.")
  var timeout = 120.0
  @Option(help: "Requests for one question before giving up.")
  var attempts = 6
  @Option(help: "The temperature that is asked for.")
  var temperature = 0.0
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard (1...64).contains(parallel) else { throw ValidationError("--parallel must be 1 to 64") }
    guard (1...20).contains(attempts) else { throw ValidationError("--attempts must be 1 to 20") }
    guard timeout >= 0.1, timeout <= 3_600 else { throw ValidationError("--timeout must be 0.1 to 3600 seconds") }
    guard (perMinute ?? 1) > 0, (perMinute ?? 1) <= 1e6 else {
      throw ValidationError("--per-minute must be above 0 and at most 1000000")
    }
    guard temperature >= 0, temperature <= 2 else { throw ValidationError("--temperature must be 0 to 2") }
    if let pairs, pairs.split(separator: ",").count != 2 {
      throw ValidationError("--pairs must be of the form MODEL,MODEL or MODEL/DATASET,MODEL/DATASET")
    }
  }

  func run() throws {
    let run = try StoredRun(URL(fileURLWithPath: directory))
    let endpoint = try JudgeEndpoint(
      url: url, model: model, key: key(), temperature: temperature, timeout: timeout)
    let meter = ProgressMeter(unit: "answers")
    let options = try options()
    Interruption.explain { "all replies are stored; the same command continues where it was" }
    let summary = try JudgeRun(run, endpoint, options).judge(isOwnProcess: true) { done, total in
      meter.update("judging with \(SafeText.visible(options.name))", done: done, total: total)
    }
    if printing.json { return try Output.json(summary) }
    print(summary)
  }

  private func key() throws -> String? {
    let key = ProcessInfo.processInfo.environment[keyEnv]?.trimmingCharacters(in: .whitespacesAndNewlines)
    if let key, !key.isEmpty { return key }
    guard keyEnv == "OPENAI_API_KEY" else {
      throw TelltaleError(.badInput, "the variable \(keyEnv) of --key-env is not set")
    }
    return nil
  }

  private func options() throws -> JudgeRun.Options {
    let own = model.split(separator: "/").last.map(String.init) ?? model
    let fallback = own.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) ? $0 : "-" }
    var options = JudgeRun.Options(
      name: name ?? String(fallback.prefix(50)) + (pairs == nil ? "" : "-pairs"), rubric: try JudgeRubric(rubric))
    options.datasets = dataset.isEmpty ? nil : dataset
    if let sides = pairs?.split(separator: ",").map(String.init), sides.count == 2 {
      options.pairs = JudgePairs(sides[0], sides[1])
    }
    (options.parallel, options.perMinute, options.attempts) = (parallel, perMinute, attempts)
    return options
  }

  private func print(_ summary: JudgeRun.Summary) {
    let what = summary.pairs == nil ? "answers" : "pairs of answers"
    Output.line("\(summary.items) \(what) judged by \(summary.judge), rubric \(SafeText.visible(summary.rubric))")
    Output.line("\(summary.requests) requests now, \(summary.cached) replies from before")
    Output.line(
      "labels: \(summary.positives) of 1, \(summary.negatives) of 0, \(summary.cannotTell) that cannot be told")
    if summary.malformed > 0 {
      Output.line("\(summary.malformed) replies could not be read; their answers have no label")
    }
    if summary.tooLong > 0 { Output.line("\(summary.tooLong) are too long to be judged and were not asked about") }
    if let pairs = summary.pairs { print(pairs) }
    Output.line("Compare with other labels: telltale agreement \(directory)")
  }

  private func print(_ pairs: JudgeRun.Summary.Pairs) {
    Output.line(
      "both orders agree on \(pairs.first + pairs.second) pairs: the first side's answer \(pairs.first) times, the "
        + "second side's \(pairs.second) times")
    Output.line(
      "the order decided \(pairs.shownFirst + pairs.shownSecond) pairs: what was shown first \(pairs.shownFirst) times, "
        + "second \(pairs.shownSecond) times; \(pairs.cannotTell) cannot be told")
    guard let rate = pairs.shownFirstRate else { return }
    let ends = pairs.shownFirstRateInterval.map { String(format: " [%.3f, %.3f]", $0.low, $0.high) } ?? ""
    Output.line(
      String(format: "share of choices that fell on what was shown first: %.3f", rate) + ends + " (0.5: no bias)")
  }
}
