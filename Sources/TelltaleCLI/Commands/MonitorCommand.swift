import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering

/// Vectors with a threshold, for new prompts.
struct MonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor", abstract: "Freeze vectors into a monitor, flag rows with it, and test it.",
    subcommands: [MonitorFitCommand.self, MonitorScore.self, MonitorTest.self])
}

/// A vector file, or a name for it and the file.
struct NamedVectorFile {
  let name: String
  let url: URL

  init(_ text: String) {
    let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
    let isNamed = halves.count == 2 && !halves[0].contains("/")
    url = URL(fileURLWithPath: isNamed ? halves[1] : text)
    name = isNamed ? halves[0] : url.deletingPathExtension().lastPathComponent
  }
}

struct MonitorFitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit", abstract: "Make a monitor from a labelled recording and vectors.",
    discussion: """
      On one half of the recording's questions a logistic regression that turns the vectors' scores into a probability is \
      fitted, and the threshold is chosen that flags at most --false-positives of the rows without the behaviour. The \
      rates on the card are measured on the other half. Use a recording of questions that no vector was made from, and \
      few layers: those that telltale predict supports.
      """)

  @Option(help: "The folder of a recording (telltale record), or of a target of a run (chunks/MODEL/TARGET).")
  var recording: String
  @Option(
    help: ArgumentHelp(
      "A vector file, or a name for it and the file; give the option again for more vectors.", valueName: "[name=]file")
  )
  var vector: [String]
  @Option(help: "Layers such as 13 or 8-12, counted from 0 (default: all that the vectors and the recording share).")
  var layers: LayerList?
  @Option(help: "Where activations were read: prompt or continuation.")
  var position = ReadPosition.prompt
  @Option(help: "The share of rows without the behaviour that may be flagged.")
  var falsePositives = 0.05
  @Option(help: "Seed of the halves.")
  var seed: UInt64 = 0
  @Option(help: "The monitor file to write.")
  var output: String
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let files = vector.map(NamedVectorFile.init)
    let vectors = try files.map { file in
      (file.name, try SteeringVectors(contentsOf: file.url), try FileDigest.sha256(file.url))
    }
    var fit = MonitorFit(name: URL(fileURLWithPath: output).deletingPathExtension().lastPathComponent)
    (fit.position, fit.falsePositiveRate, fit.seed) = (position, falsePositives, seed)
    let monitor = try fit.monitor(
      vectors, layers: layers?.numbers, RecordingFolder.read(URL(fileURLWithPath: recording)),
      from: URL(fileURLWithPath: recording).lastPathComponent)
    try monitor.write(to: URL(fileURLWithPath: output))
    if printing.json { return try Output.json(monitor.card) }
    for sentence in monitor.card.sentences { Output.line(sentence) }
    Output.line("written to \(output)")
  }
}

struct MonitorScore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Print each row's probability, and flag rows at or above the threshold.",
    discussion: """
      Prints CSV with id, probability and flagged, or with --json one object per line. Rows are those of a recording; \
      telltale record makes one from any data set, with --max-tokens 1 where answers do not matter. stderr says how far \
      the rows' scores lie from those that the monitor was made from.
      """)

  @Argument(help: "The monitor file.")
  var monitor: String
  @Option(help: "The folder of a recording, or of a target of a run.")
  var recording: String
  @Flag(help: "Print flagged rows only.")
  var flagged = false
  @OptionGroup var printing: PrintOptions

  struct Row: Encodable {
    var id: String
    var probability: Double?
    var flagged: Bool?
  }

  func run() throws {
    let monitor = try Monitor(contentsOf: URL(fileURLWithPath: monitor))
    let held = try RecordingFolder.read(URL(fileURLWithPath: recording))
    let logOdds = try monitor.logOdds(held)
    let rows = zip(held.rows, logOdds).map { row, value in
      value.isFinite
        ? Row(
          id: row.id, probability: 1 / (1 + Foundation.exp(-value)), flagged: value >= monitor.card.threshold.value)
        : Row(id: row.id)
    }
    let shown = flagged ? rows.filter { $0.flagged == true } : rows
    if printing.json { for row in shown { try Output.json(row) } } else { Terminal.writeResult(Self.table.csv(shown)) }
    let used = rows.indices.filter { rows[$0].probability != nil }
    Terminal.note("\(rows.count { $0.flagged == true }) of \(used.count) rows flagged")
    if let shift = ScoreShift(
      used.map { logOdds[$0] }, groups: used.map { held.rows[$0].group }, from: monitor.card.reference)
    {
      MonitorShift.say(shift, monitor: monitor.card.name)
    }
  }

  private static let table = Table<Row>(
    "monitor", "A row that a monitor scored.",
    [
      .text("id", "The row.", \.id),
      .number("probability", "Of the behaviour, as the monitor was fitted.", unit: "0 to 1", \.probability),
      .text("flagged", "Whether it is at or above the threshold: 1 or 0.") { $0.flagged.map { $0 ? "1" : "0" } },
    ])
}

/// What is said of how new rows lie.
enum MonitorShift {
  static func say(_ shift: ScoreShift, monitor: String) {
    let interval = ShownNumber.interval(shift.low, shift.high, places: 2).map { " \($0)" } ?? ""
    let sentence =
      "\(SafeText.visible(monitor)): the rows' mean score lies \(ShownNumber.signed(shift.difference, places: 2))\(interval) standard deviations from that of "
      + "the rows the monitor was made from, and \(MonitorCard.percent(shift.outside)) lie outside of their 1 to 99 % range"
    guard shift.isLarge else { return Terminal.note(sentence) }
    Terminal.warning(
      sentence + "; its false-positive rate cannot be relied on here: test it on labelled rows of this kind")
  }
}

struct MonitorTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Measure monitors on labelled rows, and compare them.",
    discussion: """
      For each monitor: false-positive rate and recall at its own threshold, compared with its card; recall where 1 % \
      and 5 % of the rows without the behaviour are flagged (thresholds chosen on half of these questions, measured \
      on the other); AUROC. Pairs of monitors are compared by their AUROC on the same rows. Intervals are 95 %, clustered \
      by question.
      """)

  @Argument(help: "Monitor files.")
  var monitors: [String]
  @Option(help: "The folder of a labelled recording, or of a target of a run.")
  var recording: String
  @Option(help: "Seed of the halves.")
  var seed: UInt64 = 0
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let held = try RecordingFolder.read(URL(fileURLWithPath: recording))
    let loaded = try monitors.map { try Monitor(contentsOf: URL(fileURLWithPath: $0)) }
    let test = try MonitorTests(loaded, held, seed: seed)
    if printing.json { return try Output.json(test) }
    for result in test.monitors {
      Output.line("\(SafeText.visible(result.name)): AUROC \(ShownNumber.text(result.auroc, result.low, result.high))")
      for sentence in result.sentences { Output.line("  \(sentence)") }
      if let shift = result.shift { MonitorShift.say(shift, monitor: result.name) }
    }
    for pair in test.pairs { Output.line(pair.sentence) }
  }
}
