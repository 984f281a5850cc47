import Foundation
import Foundations
import LanguageModels
import Torch

/// Multiple-choice questions as MMLU's CSV holds them: columns question, A, B, C, D and answer (a letter, or 0 to 3), with
/// `subject` if there is one. The right answer counts as the behaviour.
public enum ExamReader {
  private static let letters = ["A", "B", "C", "D"]

  /// Reads a file of either form: the CSV, or any data set with matching and other answers.
  public static func load(_ url: URL) throws(TelltaleError) -> [Item] {
    guard url.pathExtension.lowercased() == "csv" else { return try Dataset.load(url) }
    let table = try CSVTable(contentsOf: url)
    return try items(in: table, source: url.lastPathComponent)
  }

  static func items(in table: CSVTable, source: String) throws(TelltaleError) -> [Item] {
    let questions = try table.column("question").strings
    var choices: [[String]] = []
    for letter in letters { choices.append(try table.column(letter).strings) }
    let answers = try table.column("answer").strings
    guard !table.rows.isEmpty else {
      throw TelltaleError(.badInput, "has no rows; give at least one question", at: InputLocation(file: table.file))
    }
    var items: [Item] = []
    for (row, line) in table.rows.map(\.line).enumerated() {
      let given = answers[row].trimmingCharacters(in: .whitespaces)
      guard let right = letters.firstIndex(of: given.uppercased()) ?? Int(given), letters.indices.contains(right) else {
        throw TelltaleError(
          .badInput, "the answer \"\(given.prefix(40))\" is not A, B, C, D or 0 to 3; mend the row",
          at: InputLocation(file: table.file, line: line, item: "row \(row)"))
      }
      items.append(item(questions[row], choices.map { $0[row] }, right: right, row: row, source: source))
    }
    return items
  }

  private static func item(_ question: String, _ texts: [String], right: Int, row: Int, source: String) -> Item {
    let choices = zip(letters, texts).map { Choice(letter: $0, text: $1) }
    let lines = choices.map { "\($0.letter ?? ""). \($0.text)" }.joined(separator: "\n")
    let answers = letters.map { " \($0)" }
    return Item(
      source: source, row: row, text: "\(question)\n\(lines)\nAnswer:", question: question,
      group: QuestionGroup(question: question, choices: choices), choices: choices, matchingAnswer: answers[right],
      otherAnswers: answers.indices.filter { $0 != right }.map { answers[$0] })
  }
}
