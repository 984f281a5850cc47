import ArgumentParser
import CommandSupport
import Experiments
import Foundation

struct Label: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give hand labels to the answers of a run.",
    discussion: """
      Labels are only ever added: the latest of a rater counts, and all are kept with rater and time. A label is on the \
      disk before this command ends, whatever happens to the run or the store afterwards.

      --from reads a CSV with the column label (1 the behaviour, 0 not, empty where it cannot be told) and the column \
      answer (the key that telltale export writes) or item, with model and dataset where several answered the item, and \
      note if there is one.
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
    guard (rater == nil) != (judge == nil) else { throw ValidationError("give one of --rater and --judge") }
    let name = (rater ?? judge ?? "").trimmingCharacters(in: .whitespaces)
    guard !name.isEmpty, name.count <= 100 else {
      throw ValidationError("--\(rater == nil ? "judge" : "rater") must be a name of 1 to 100 characters")
    }
    guard rater?.hasPrefix(HandLabel.judgePrefix) != true else {
      throw ValidationError("--rater may not begin with \(HandLabel.judgePrefix); give the name with --judge")
    }
    guard (1...100).contains(pass ?? 1) else { throw ValidationError("--pass must be from 1 to 100") }
    guard (from != nil) != (answer != nil || item != nil) else {
      throw ValidationError("give --from FILE.csv, or --answer or --item with --label")
    }
    guard (from == nil) == (label != nil) else { throw ValidationError("--label goes with --answer or --item") }
  }

  private struct Summary: Encodable {
    var rater: String
    var stored: Int
  }

  func run() throws {
    let run = try StoredRun(URL(fileURLWithPath: directory))
    let store = try RunStore(run)
    try store.buildRows(run)
    let labels = try labels(store)
    try store.append(labels)
    let summary = Summary(rater: source, stored: labels.count)
    if printing.json { return try Output.json(summary) }
    Output.line("\(labels.count) label\(labels.count == 1 ? "" : "s") by \(source) stored")
  }

  /// As the journal names it.
  private var source: String { judge.map { HandLabel.judgePrefix + $0 } ?? rater ?? "" }

  private func labels(_ store: RunStore) throws -> [HandLabel] {
    if let from { return try LabelImport(URL(fileURLWithPath: from)).labels(by: source, pass: pass, in: store) }
    let key = try store.answer(AnswerChoice(answer: answer, item: item, model: model, dataset: dataset))
    return [
      HandLabel(answer: key, label: try LabelImport.label(label ?? "", nil), rater: source, note: note, pass: pass)
    ]
  }
}
