import Foundation
import Foundations
import GRDB
import Steering
import Torch

/// Hand labels from a table: each row names an answer, by its key (`answer`) or by its `item` (with `model` and `dataset`
/// where several answered it), and a `label`: 1 the behaviour, 0 not, empty where the rater cannot tell.
public struct LabelImport {
  private let table: CSVTable

  public init(_ url: URL) throws { try self.init(CSVTable(contentsOf: url)) }

  /// - Parameter name: what complaints call the text.
  public init(parsing text: String, name: String) throws { try self.init(CSVTable(parsing: text, file: name)) }

  private init(_ table: CSVTable) throws {
    self.table = table
    guard table.columnIfPresent("answer") != nil || table.columnIfPresent("item") != nil else {
      throw TelltaleError(
        .badInput, "needs a column answer or item, and label; telltale export writes both",
        at: InputLocation(file: table.file, line: 1))
    }
  }

  /// All rows as labels, or nothing: every row must name one answer of the store.
  ///
  /// - Parameters:
  ///   - rater: who judged; nil where the column rater says it, as in the CSV that the grading page exports, whose column
  ///     source also marks second passes.
  ///   - pass: which time the rater went through the answers.
  public func labels(by rater: String?, pass: Int? = nil, in store: RunStore) throws -> [HandLabel] {
    let raters = try rater == nil ? table.column("rater").strings : nil
    let sources = rater == nil ? table.columnIfPresent("source")?.strings : nil
    let values = try table.column("label").strings
    let selectors = ["answer", "item", "model", "dataset"].map { table.columnIfPresent($0)?.strings }
    let notes = table.columnIfPresent("note")?.strings
    return try table.rows.indices.map { index in
      let place = InputLocation(file: table.file, line: table.rows[index].line)
      let choice = AnswerChoice(
        answer: selectors[0]?[index], item: selectors[1]?[index], model: selectors[2]?[index],
        dataset: selectors[3]?[index])
      let note = notes?[index].trimmingCharacters(in: .whitespaces)
      return HandLabel(
        answer: try store.answer(choice, at: place), label: try Self.label(values[index], place),
        rater: try rater ?? RaterName.imported(raters?[index] ?? "", at: place),
        note: note.flatMap { $0.isEmpty ? nil : $0 },
        pass: sources?[index].hasPrefix("repeat:") == true ? 2 : pass)
    }
  }

  /// 1, 0 or nil for an empty field; anything else is refused.
  public static func label(_ text: String, _ place: InputLocation?) throws -> Int? {
    switch text.trimmingCharacters(in: .whitespaces) {
    case "1": return 1
    case "0": return 0
    case "": return nil
    default:
      throw TelltaleError(
        .badInput,
        "\"\(SafeText.quoted(text))\" is no label; use 1 (the behaviour), 0 (not) or nothing (cannot be told)",
        at: place)
    }
  }
}

/// What is known of the answer that is meant; empty texts are not known.
public struct AnswerChoice: Sendable {
  fileprivate let conditions: [(column: String, value: String)]

  public init(answer: String? = nil, item: String? = nil, model: String? = nil, dataset: String? = nil) {
    conditions = zip(["answer", "item", "model", "dataset"], [answer, item, model, dataset]).compactMap {
      guard let value = $1?.trimmingCharacters(in: .whitespaces), !value.isEmpty else { return nil }
      return ($0, value)
    }
  }
}

extension RunStore {
  /// The key of the one answer that is meant.
  public func answer(_ choice: AnswerChoice, at place: InputLocation? = nil) throws -> String {
    guard choice.conditions.contains(where: { $0.column == "answer" || $0.column == "item" }) else {
      throw TelltaleError(.badInput, "names no answer; give its key or its item", at: place)
    }
    let condition = choice.conditions.map { "\($0.column) = ?" }.joined(separator: " AND ")
    let found = try read { database in
      try String.fetchAll(
        database, sql: "SELECT answer FROM answers WHERE \(condition) LIMIT 3",
        arguments: StatementArguments(choice.conditions.map(\.value)))
    }
    let named = choice.conditions.map { "\($0.column) \(SafeText.quoted($0.value))" }.joined(separator: ", ")
    guard let first = found.first else {
      throw TelltaleError(.badInput, "there is no answer with \(named) in this run", at: place)
    }
    guard found.count == 1 else {
      throw TelltaleError(.badInput, "several answers have \(named); name the model and dataset too", at: place)
    }
    return first
  }
}
