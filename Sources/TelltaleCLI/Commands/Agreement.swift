import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations
import Statistics

struct AgreementCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agreement",
    abstract: "Say how far people, judges and the recorded labels of a run agree.",
    discussion: """
      For every two sources of labels: the share of answers labelled alike, Cohen's kappa and Gwet's AC1 with 95 % \
      intervals clustered by question; for several people Krippendorff's alpha; for second passes the agreement of a \
      person with themselves; for judges sensitivity and specificity against the hand labels, and what replacing the hand \
      labels by the judge's does to each AUROC; for judges and the recorded labels (the letter parser) the \
      rate of the behaviour and each AUROC, corrected for their errors on the answers that people labelled too.

      Writes results/label-agreement.csv, label-self-agreement.csv, label-judges.csv, label-disagreements.csv and, where \
      there are hand labels, label-replacement.csv and label-corrections.csv. docs/labels.md explains them.
      """)

  @Argument(help: "The run directory.")
  var directory: String
  @OptionGroup var printing: PrintOptions

  private struct Document: Encodable {
    struct Alpha: Encodable {
      var items: Int
      var alpha: Double?
      var low: Double?
      var high: Double?
    }
    var answers: Int
    var sources: [String]
    var pairs: TableValues
    var selfAgreement: TableValues
    var alpha: Alpha?
    var judges: TableValues
    var replacement: TableValues
    var corrections: TableValues
    var disagreements: TableValues
  }

  func run() throws {
    let run = try StoredRun(URL(fileURLWithPath: directory))
    let agreement = try LabelAgreement(run)
    guard agreement.sources.count > 1 else {
      throw TelltaleError(
        .badInput,
        "holds no labels but the recorded ones; give some with telltale label", at: .init(file: directory))
    }
    let recorded = try LabelReplacement(run, labels: .recorded, instead: .hand)
    let replacements = try agreement.judges.map { try LabelReplacement(run, labels: $0.judge, instead: .hand) }
    let corrections = recorded.corrections + replacements.flatMap(\.corrections)
    let document = Document(
      answers: agreement.answers, sources: agreement.sources.map(\.description),
      pairs: LabelAgreement.Pair.table.values(agreement.pairs),
      selfAgreement: LabelAgreement.Pair.table.values(agreement.selfAgreement),
      alpha: agreement.alpha.map {
        .init(items: $0.items, alpha: $0.alpha, low: $0.interval?.low, high: $0.interval?.high)
      },
      judges: LabelAgreement.JudgeAccuracy.table.values(agreement.judges),
      replacement: LabelChange.table.values(replacements.flatMap(\.changes)),
      corrections: LabelCorrection.table.values(corrections),
      disagreements: agreement.disagreementTable)
    try write(document)
    if printing.json { return try Output.json(document) }
    print(document, agreement, corrections)
  }

  private func write(_ document: Document) throws {
    let tables = [
      ("agreement", document.pairs), ("self-agreement", document.selfAgreement), ("judges", document.judges),
      ("replacement", document.replacement), ("corrections", document.corrections),
      ("disagreements", document.disagreements),
    ]
    let layout = RunLayout(URL(fileURLWithPath: directory))
    try FileManager.default.createDirectory(at: layout.tables, withIntermediateDirectories: true)
    for (name, table) in tables { try table.write(to: layout.labelTable(name).path) }
  }

  private func print(_ document: Document, _ agreement: LabelAgreement, _ corrections: [LabelCorrection]) {
    Output.line("\(document.answers) answers; intervals are clustered by question")
    let pairs = LabelAgreement.Pair.table.without(["first_positives", "second_positives"]).brief
    section("agreement of two sources, on answers that both labelled 1 or 0", pairs.values(agreement.pairs))
    section("agreement with oneself: first pass and second", pairs.values(agreement.selfAgreement))
    if let alpha = document.alpha {
      let value = TableValue.number(alpha.alpha).shown
      let ends = [alpha.low, alpha.high].map { TableValue.number($0).shown }
      Output.line("")
      Output.line(
        "Krippendorff's alpha of all people on \(alpha.items) answers: \(value.isEmpty ? "undefined" : value) "
          + "[\(ends.joined(separator: ", "))]")
    }
    section("judges against the hand labels", document.judges)
    section("AUROC by the judge instead of by people, on answers that both labelled", document.replacement)
    section("rate and AUROC, corrected for the labels' errors", LabelCorrection.table.brief.values(corrections))
    let open = document.disagreements.rows.count
    Output.line("")
    Output.line("\(open) answers on which sources differ: results/label-disagreements.csv")
  }

  private func section(_ title: String, _ table: TableValues) {
    guard !table.rows.isEmpty else { return }
    Output.line("")
    Output.line("== \(title)")
    table.print()
  }
}
