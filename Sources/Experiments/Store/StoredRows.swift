import Foundation
import Foundations
import GRDB
import LanguageModels
import Steering

/// Names prompts and continuations by what they say, so that a label stays with the words that were judged: the same
/// answer of a rebuilt or merged run has the same key, and another answer never does.
struct ContentKeys {
  let model: ModelName
  let dataset: TargetName
  private var seen: [String: Int] = [:]

  init(model: ModelName, dataset: TargetName) { (self.model, self.dataset) = (model, dataset) }

  /// The keys of the next row of a recording; a prompt that comes again is counted.
  mutating func next(_ row: RecordedRow) -> (prompt: String, continuation: String) {
    let content = "\(model)\u{0}\(dataset)\u{0}\(row.id)\u{0}\(row.prompt)"
    let count = seen[content, default: 0]
    seen[content] = count + 1
    let prompt = Self.digest("\(content)\u{0}\(count)")
    return (prompt, Self.digest("\(prompt)\u{0}\(row.continuation)"))
  }

  /// 80 bits of SHA-256 as 20 hexadecimal digits.
  private static func digest(_ text: String) -> String {
    String(SHA256.hexadecimalDigest(of: Array(text.utf8)).prefix(20))
  }
}

/// Writes rows of recordings into the tables.
struct StoredRows {
  private let database: Database
  private let now = RunStore.timestamp()

  init(_ database: Database) throws { self.database = database }

  func add(
    _ row: RecordedRow, number: Int, keys: (prompt: String, continuation: String), model: ModelName, dataset: TargetName
  ) throws {
    let prompt = try addPrompt(row, key: keys.prompt, model: model, dataset: dataset)
    let continuation = try addContinuation(row, number: number, key: keys.continuation, prompt: prompt)
    try addLabel(row, key: keys.continuation, continuation: continuation)
  }

  private func addPrompt(_ row: RecordedRow, key: String, model: ModelName, dataset: TargetName) throws -> Int64 {
    try id(
      """
      INSERT INTO prompts (key, model, dataset, item, question_group, question, source, source_row, letter, user_side,
        text, tokens, read_token, read_token_text, correct_answers, incorrect_answers)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET question_group = excluded.question_group, question = excluded.question,
        correct_answers = excluded.correct_answers, incorrect_answers = excluded.incorrect_answers
      RETURNING id
      """,
      [
        key, model.text, dataset.text, Self.text(row.id), Self.text(row.group), Self.text(row.question),
        Self.text(row.source), row.row, row.letter.map(Self.text), row.userSide.map(Self.text),
        Self.text(row.prompt), row.promptTokens, row.promptToken, Self.text(row.promptTokenText),
        Self.list(row.correctAnswers), Self.list(row.incorrectAnswers),
      ])
  }

  /// SQLite ends a text at its first NUL, so that one is stored as its picture.
  private static func text(_ text: String) -> String { text.replacing("\u{0}", with: "\u{2400}") }

  /// A list as JSON.
  private static func list(_ answers: [String]?) throws -> String? {
    try answers.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
  }

  private func addContinuation(_ row: RecordedRow, number: Int, key: String, prompt: Int64) throws -> Int64 {
    try id(
      """
      INSERT INTO continuations (key, prompt_id, is_current, number, text, end, read_token, read_token_text,
        logit_difference)
      VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET is_current = 1, number = excluded.number, end = excluded.end,
        logit_difference = excluded.logit_difference
      RETURNING id
      """,
      [
        key, prompt, number, Self.text(row.continuation), row.end, row.continuationToken,
        row.continuationTokenText.map(Self.text), row.logitDifference,
      ])
  }

  /// The label that the run gave, where it is not what the store already has as the latest.
  private func addLabel(_ row: RecordedRow, key: String, continuation: Int64) throws {
    let source = row.labelSource.description
    let latest = try database.cachedStatement(
      sql: """
        SELECT label, note, (SELECT count(*) FROM labels WHERE continuation_id = ?1 AND source = ?2) AS given
        FROM labels WHERE continuation_id = ?1 AND source = ?2 ORDER BY id DESC LIMIT 1
        """)
    let earlier = try Row.fetchOne(latest, arguments: [continuation, source])
    let given: Int = earlier?["given"] ?? 0
    if let earlier, earlier["label"] as Int? == row.label, earlier["note"] as String? == row.unparsable?.rawValue {
      return
    }
    try database.cachedStatement(
      sql: "INSERT INTO labels (key, continuation_id, label, source, note, time) VALUES (?, ?, ?, ?, ?, ?)"
    ).execute(
      arguments: ["\(key):\(source):\(given)", continuation, row.label, source, row.unparsable?.rawValue, now])
  }

  private func id(_ sql: String, _ arguments: StatementArguments) throws -> Int64 {
    guard let id = try Int64.fetchOne(database.cachedStatement(sql: sql), arguments: arguments) else {
      throw TelltaleError(.failed, "the store gave no number to a row")
    }
    return id
  }
}
