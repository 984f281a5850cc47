import Foundations

/// TruthfulQA (Lin, Hilton, Evans 2021) as its CSV and as its multiple-choice file.
enum TruthfulQAReader {
  /// The columns that both revisions have and that are needed.
  static let columns = ["Question", "Best Answer", "Correct Answers", "Incorrect Answers"]

  static func items(in table: CSVTable, source: String) throws(TelltaleError) -> [Item] {
    let questions = try table.column("Question").strings
    let best = try table.column("Best Answer").strings
    let correct = try table.column("Correct Answers").strings
    let incorrect = try table.column("Incorrect Answers").strings
    let bestIncorrect = table.columnIfPresent("Best Incorrect Answer")?.strings
    var items: [Item] = []
    for (row, line) in table.rows.map(\.line).enumerated() {
      let references = References(
        best: closed(trimmed(best[row])), bestIncorrect: bestIncorrect.map { closed(trimmed($0[row])) },
        correct: answers(in: correct[row]), incorrect: answers(in: incorrect[row]))
      let isComplete = !references.correct.isEmpty && !references.incorrect.isEmpty && !references.best.isEmpty
      guard isComplete, !trimmed(questions[row]).isEmpty else {
        let message = "the row lacks its question, best, correct or incorrect answers; fill them in"
        throw TelltaleError(.badInput, message, at: .init(file: table.file, line: line, item: "row \(row)"))
      }
      items.append(Item(question: questions[row], row: row, source: source, references: references))
    }
    return items
  }

  static func items(in rows: [DataRow], source: String) throws(TelltaleError) -> [Item] {
    var items: [Item] = []
    for row in rows {
      let question = try row.string("question")
      let (mc1, mc2) = (try row.targets("mc1_targets"), try row.targets("mc2_targets"))
      let correct = mc2.filter(\.isTrue).map(\.text)
      let incorrect = mc2.filter { !$0.isTrue }.map(\.text)
      guard let best = mc1.first(where: \.isTrue), mc1.count(where: \.isTrue) == 1, mc1.count > 1 else {
        throw row.error("\"mc1_targets\" should have one target of value 1 and others of value 0")
      }
      guard !correct.isEmpty, !incorrect.isEmpty else {
        throw row.error("\"mc2_targets\" should have targets of value 1 and of value 0")
      }
      let references = References(best: best.text, correct: correct, incorrect: incorrect, mc1: mc1, mc2: mc2)
      items.append(Item(question: question, row: row.row, source: source, references: references))
    }
    return items
  }

  /// The answers of one field; like the benchmark's own code, every semicolon separates and a full stop ends each.
  private static func answers(in field: String) -> [String] {
    field.split(separator: ";").map { closed(trimmed(String($0))) }.filter { !$0.isEmpty }
  }

  /// The answer with a full stop, which the benchmark's `split_multi_answer` and `format_best` add where it is missing.
  private static func closed(_ answer: String) -> String {
    answer.isEmpty || answer.hasSuffix(".") ? answer : answer + "."
  }

  private static func trimmed(_ text: String) -> String {
    let tail = text.drop(while: \.isWhitespace)
    guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(tail[...last])
  }
}

extension Item {
  fileprivate init(question: String, row: Int, source: String, references: References) {
    self.init(
      source: source, row: row, text: question, question: question,
      group: QuestionGroup(question: question, choices: []), references: references)
  }
}
