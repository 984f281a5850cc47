import Foundation
import Foundations
import GRDB
import Steering
import Torch

/// Hand labels from a table: each row names an answer, by its key (`answer`) or by its `item` (with `model` and `dataset`
/// where several answered it), and a `label` (`LabelText`). The tables that Telltale exports are such, also after another
/// program has read and written them: rows that a later label replaced and the run's own labels are left out.
package struct LabelImport {
  private let table: CSVTable

  package init(_ url: URL) throws { try self.init(CSVTable(contentsOf: url)) }

  /// - Parameter name: what complaints call the text.
  package init(parsing text: String, name: String) throws { try self.init(CSVTable(parsing: text, file: name)) }

  private init(_ table: CSVTable) throws {
    self.table = table.restored
    guard table.columnIfPresent("answer") != nil || table.columnIfPresent("item") != nil else {
      throw TelltaleError(
        .badInput, "needs a column answer or item, and label; telltale export writes both",
        at: InputLocation(file: table.file, line: 1))
    }
  }

  /// All rows as labels, or nothing: every row must name one answer of the run.
  ///
  /// - Parameters:
  ///   - rater: who judged; nil where the column rater says it, as in the CSV that the grading page exports, whose column
  ///     source also marks second passes.
  ///   - pass: which time the rater went through the answers.
  package func labels(by rater: String?, pass: Int? = nil, in answers: some AnswerIndex) throws -> [HandLabel] {
    _ = try table.column("label")
    if rater == nil { _ = try table.column("rater") }
    return try table.rows.compactMap { row in
      let row = LabelRow(row, of: table)
      return try row.isLeftOut(rater) ? nil : row.label(by: rater, pass, answers)
    }
  }
}

/// One row of such a table.
private struct LabelRow {
  private let values: [String: String]
  private let place: InputLocation

  init(_ row: CSVTable.Row, of table: CSVTable) {
    values = Dictionary(zip(table.header, row.fields)) { first, _ in first }
    place = InputLocation(file: table.file, line: row.line)
  }

  /// The label of a rater's first thought, where there was a second; or the run's own, where raters are to be told from it.
  func isLeftOut(_ rater: String?) throws -> Bool {
    if try LabelText.value(values["replaced"] ?? "", at: place) == 1 { return true }
    guard rater == nil, trimmed("rater").isEmpty, let source = LabelSource(trimmed("source")) else { return false }
    return switch source {
    case .hand, .judge: false
    default: true
    }
  }

  func label(by rater: String?, _ pass: Int?, _ answers: some AnswerIndex) throws -> HandLabel {
    let choice = AnswerChoice(
      answer: values["answer"], item: values["item"], model: values["model"], dataset: values["dataset"])
    let note = values["note"].map { $0.trimmingCharacters(in: .whitespaces) }
    if let refusal = HandLabel.refusal(ofNote: note) { throw TelltaleError(.badInput, refusal, at: place) }
    return HandLabel(
      answer: try answers.answer(choice, at: place), label: try LabelText.value(values["label"] ?? "", at: place),
      rater: try rater ?? RaterName.imported(trimmed("rater"), at: place),
      note: note.flatMap { $0.isEmpty ? nil : $0 },
      pass: values["source"]?.hasPrefix("repeat:") == true ? 2 : pass)
  }

  private func trimmed(_ column: String) -> String { (values[column] ?? "").trimmingCharacters(in: .whitespaces) }
}

/// A label as people and programs write it.
package enum LabelText {
  /// What pandas, R and spreadsheets write where a column has no value.
  private static let missing: Set<String> = ["", "nan", "na", "n/a", "<na>", "none", "null"]

  /// 1, 0 or nil where it cannot be told; anything else is refused. `1.0` and `True` are 1: a column with gaps is one of
  /// numbers or of objects in pandas.
  package static func value(_ text: String, at place: InputLocation? = nil) throws -> Int? {
    let plain = text.trimmingCharacters(in: .whitespaces).lowercased()
    if missing.contains(plain) { return nil }
    if plain == "true" || number(plain) == 1 { return 1 }
    if plain == "false" || number(plain) == 0 { return 0 }
    throw TelltaleError(
      .badInput,
      "\"\(SafeText.quoted(text))\" is no label; use 1 (the behaviour), 0 (not) or nothing (cannot be told)",
      at: place)
  }

  private static func number(_ text: String) -> Double? {
    text.utf8.allSatisfy { "0123456789.+-e".utf8.contains($0) } ? Double(text) : nil
  }
}

/// What is known of the answer that is meant; empty texts are not known.
package struct AnswerChoice: Sendable {
  fileprivate let conditions: [(column: String, value: String)]

  package init(answer: String? = nil, item: String? = nil, model: String? = nil, dataset: String? = nil) {
    conditions = zip(["answer", "item", "model", "dataset"], [answer, item, model, dataset]).compactMap {
      guard let value = $1?.trimmingCharacters(in: .whitespaces), !value.isEmpty else { return nil }
      return ($0, value)
    }
  }
}

/// Where answers are found by what is known of them.
package protocol AnswerIndex {
  /// The key of the one answer that is meant.
  func answer(_ choice: AnswerChoice, at place: InputLocation?) throws -> String
}

extension AnswerChoice {
  /// Refuses what names no answer or cannot be any's name.
  fileprivate func check(at place: InputLocation?) throws(TelltaleError) {
    guard conditions.contains(where: { $0.column == "answer" || $0.column == "item" }) else {
      throw TelltaleError(.badInput, "names no answer; give its key or its item", at: place)
    }
    // SQLite would compare up to the NUL only.
    guard !conditions.contains(where: { $0.value.unicodeScalars.contains("\u{0}") }) else {
      throw TelltaleError(.badInput, "there is no answer with a NUL character in its name", at: place)
    }
  }

  /// The one of the answers that were found.
  fileprivate func only(_ found: [String], at place: InputLocation?) throws(TelltaleError) -> String {
    let named = conditions.map { "\($0.column) \(SafeText.quoted($0.value))" }.joined(separator: ", ")
    guard let first = found.first else {
      throw TelltaleError(.badInput, "there is no answer with \(named) in this run", at: place)
    }
    guard found.count == 1 else {
      throw TelltaleError(.badInput, "several answers have \(named); name the model and dataset too", at: place)
    }
    return first
  }
}

/// The answers as the files of the run have them, for labels that are given where the store cannot be opened.
struct FiledAnswers: AnswerIndex {
  private let answers: [LabelledAnswer]

  init(_ run: StoredRun) throws { answers = try LabelledAnswers(run).answers }

  func answer(_ choice: AnswerChoice, at place: InputLocation?) throws -> String {
    try choice.check(at: place)
    return try choice.only(answers.filter(choice.fits).prefix(2).map(\.answer), at: place)
  }
}

extension AnswerChoice {
  fileprivate func fits(_ answer: LabelledAnswer) -> Bool {
    conditions.allSatisfy { column, value in
      switch column {
      case "answer": answer.answer == value
      case "item": answer.item == value
      case "model": answer.model.text == value
      default: answer.dataset.text == value
      }
    }
  }
}

extension RunStore: AnswerIndex {
  package func answer(_ choice: AnswerChoice, at place: InputLocation? = nil) throws -> String {
    try choice.check(at: place)
    let condition = choice.conditions.map { "\($0.column) = ?" }.joined(separator: " AND ")
    let found = try read { database in
      try String.fetchAll(
        database, sql: "SELECT answer FROM answers WHERE \(condition) LIMIT 3",
        arguments: StatementArguments(choice.conditions.map(\.value)))
    }
    return try choice.only(found, at: place)
  }
}
