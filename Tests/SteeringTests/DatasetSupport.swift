import Foundation
import Foundations
import Testing

@testable import Steering

/// Files that tests read: excerpts in the repository, and whole data sets beside it where they are present.
enum TestData {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func fixture(_ name: String) -> URL { root.appending(path: "Tests/Fixtures/datasets/\(name)") }
  static func shared(_ path: String) -> URL { root.appending(path: "../shared/\(path)").standardizedFileURL }
  static func hasShared(_ path: String) -> Bool { FileManager.default.fileExists(atPath: shared(path).path) }

  static let political = "data/anthropic-evals/sycophancy/sycophancy_on_political_typology_quiz.jsonl"
  static let hasPolitical = hasShared(political)
  /// The 10,200 rows of the political quiz, read once for all tests.
  static let politicalItems = Result { try Dataset.load(shared(political)) }
}

/// Parses `text` as a data file called `data`.
func items(_ text: String, format: DatasetFormat? = nil) throws(TelltaleError) -> [Item] {
  let file = try InputFile(bytes: Array(text.utf8), name: "data")
  return try Dataset.items(in: file, source: "data", format: format)
}

/// An item of a group and letter, for tests of sampling.
func item(_ row: Int, group: String, letter: String = "A", side: String? = nil, source: String = "data") -> Item {
  let choices = [Choice(letter: "A", text: "yes, \(group)"), Choice(letter: "B", text: "no, \(group)")]
  let question = "Which of \(group)?"
  return Item(
    source: source, row: row, text: "\(question)\n (A) yes, \(group)\n (B) no, \(group)\n\nAnswer:", question: question,
    group: QuestionGroup(named: group, text: question), choices: choices, matchingAnswer: " (\(letter))",
    otherAnswers: [letter == "A" ? " (B)" : " (A)"], userSide: side)
}
