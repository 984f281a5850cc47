import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations

struct Label: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give hand labels to the answers of a run.",
    discussion: """
      Labels are only ever added: the latest of a rater counts, and all are kept with rater and time. A label is on the \
      disk before this command ends, regardless of what happens to the run or the store afterwards.

      --from reads a CSV with the column label (1 the behaviour, 0 not, empty where it cannot be told; 1.0, True and NaN \
      as pandas writes them) and the column answer (the key that telltale export writes) or item, with model and dataset \
      where several answered the item, and note if there is one. The labels.csv of an export is such a file: without \
      --rater its column rater says who judged, and rows that were replaced are left out.
      """)

  @Argument(help: "The run directory.")
  var directory: String
  @Option(help: "Who judges; adjudicated is whose labels decide where people disagree.")
  var rater: String?
  @Option(help: "Instead of --rater: the judge (a model) whose labels these are, kept apart from those of people.")
  var judge: String?
  @Option(help: "2 for a second pass over answers that the rater has judged, for agreement with oneself.")
  var pass: Int?
  @Option(help: "A CSV of labels.")
  var from: String?
  @Option(help: "Instead of a CSV: the key of the answer.")
  var answer: String?
  @Option(help: "Instead of a CSV: the item that was answered.")
  var item: String?
  @Option(help: "The model that answered the item, where several did.")
  var model: String?
  @Option(help: "The data set of the item, where several hold it.")
  var dataset: String?
  @Option(help: "1, 0, or empty (--label=) where it cannot be told.")
  var label: String?
  @Option(help: "A remark.")
  var note: String?
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard rater == nil || judge == nil, (rater ?? judge) != nil || from != nil else {
      throw ValidationError("give one of --rater and --judge, or a CSV whose column rater says who judged")
    }
    if let judge, judge.isEmpty || judge.count > 100 || SafeText.quoted(judge.prefix(80)) != judge.prefix(80) {
      throw ValidationError("--judge must be a name of 1 to 100 characters, all of which show")
    }
    guard (1...100).contains(pass ?? 1) else { throw ValidationError("--pass must be from 1 to 100") }
    guard (from != nil) != (answer != nil || item != nil) else {
      throw ValidationError("give --from FILE.csv, or --answer or --item with --label")
    }
    guard (from == nil) == (label != nil) else { throw ValidationError("--label goes with --answer or --item") }
    guard !(from == nil && rater == nil && judge == nil) else {
      throw ValidationError("give one of --rater and --judge")
    }
  }

  private struct Summary: Encodable {
    var rater: String
    var stored: Int
  }

  func run() throws {
    let giving = GivingLabels(try StoredRun(URL(fileURLWithPath: directory)))
    let labels = try labels(giving)
    try giving.give(labels)
    let by = try source ?? Set(labels.map(\.rater)).sorted().joined(separator: ", ")
    let summary = Summary(rater: by, stored: labels.count)
    if printing.json { return try Output.json(summary) }
    Output.line("\(labels.count) label\(labels.count == 1 ? "" : "s") by \(by) stored")
  }

  /// As the journal names it; nil where the table says it.
  private var source: String? {
    get throws { try judge.map { HandLabel.judgePrefix + $0 } ?? rater.map { try RaterName.checked($0) } }
  }

  private func labels(_ giving: GivingLabels) throws -> [HandLabel] {
    if let from {
      return try giving.labels(of: LabelImport(URL(fileURLWithPath: from)), by: source, pass: pass)
    }
    let key = try giving.answer(AnswerChoice(answer: answer, item: item, model: model, dataset: dataset))
    return [
      HandLabel(answer: key, label: try LabelText.value(label ?? ""), rater: try source ?? "", note: note, pass: pass)
    ]
  }
}
