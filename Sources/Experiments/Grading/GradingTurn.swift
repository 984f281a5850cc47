import Foundation
import Foundations
import GRDB

/// What a rater sees: one answer, and how far they are.
package struct GradingTurn: Sendable {
  package struct Given: Sendable, Encodable {
    package var label: Int?
    package var note: String?

    init(_ label: HandLabel) { (self.label, note) = (label.label, label.note) }
  }

  package struct Progress: Sendable, Encodable {
    package var done: Int
    package var total: Int
    /// Labels a minute, lately, without breaks.
    package var perMinute: Double?
    package var minutesLeft: Double?
  }

  /// The answer's place in the rater's order; nil when all are judged.
  package var position: Int?
  package var item: GradingItem? = nil
  /// The rater's own label of it, where there is one.
  package var given: Given?
  package var progress: Progress
}

/// An answer to grade, without anything that could sway the rater.
package struct GradingItem: Sendable, Encodable {
  /// The answer's key.
  package var answer: String
  package var question: String
  /// What the model was sent.
  package var prompt: String
  package var continuation: String
  /// The choice that would be the behaviour, where the data set has one.
  package var behaviour: String?
  package var correct: [String]
  package var incorrect: [String]
  /// The conversation as people wrote it: what the rater judges by. The user's description of themselves is part of it.
  package var turns: [ShownTurn]
  /// The choices that the last message offers, where it does.
  package var choices: [ShownChoice]
}

/// What a blind rater does not see.
package struct GradingCondition: Sendable, Encodable {
  package struct Score: Sendable, Encodable {
    package var vector: String
    package var layer: Int
    package var position: String
    package var cosine: Double?
  }

  package var model: String
  package var dataset: String
  package var item: String
  package var label: Int?
  package var labelSource: String?
  package var scores: [Score]
}

extension RunStore {
  /// Whether an answer with this key is or was in the run.
  func holds(answer key: String) throws -> Bool {
    try read {
      try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM continuations WHERE key = ?)", arguments: [key]) ?? false
    }
  }

  func gradingItem(_ key: String) throws -> GradingItem {
    let row = try read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT p.question, p.text AS prompt, c.text AS continuation, p.letter, p.correct_answers, p.incorrect_answers
          FROM continuations c JOIN prompts p ON p.id = c.prompt_id WHERE c.key = ?
          """, arguments: [key])
    }
    guard let row else { throw TelltaleError(.badInput, "there is no answer \(key) in this run") }
    func list(_ column: String) -> [String] {
      (row[column] as String?).flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) } ?? []
    }
    let shown = ShownPrompt(row["prompt"], behaviour: row["letter"])
    return GradingItem(
      answer: key, question: row["question"], prompt: row["prompt"], continuation: row["continuation"],
      behaviour: row["letter"], correct: list("correct_answers"), incorrect: list("incorrect_answers"),
      turns: shown.turns, choices: shown.choices)
  }

  /// What is known of an answer besides its words; at most 200 scores.
  package func condition(of key: String) throws -> GradingCondition? {
    try read { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM answers WHERE answer = ?", arguments: [key]) else {
        return nil
      }
      let scores = try Row.fetchAll(
        database,
        sql: """
          SELECT v.name, v.layer, s.position, s.cosine FROM scores s JOIN vectors v ON v.id = s.vector_id
          WHERE s.continuation_id = ? ORDER BY v.id, s.position LIMIT 200
          """, arguments: [row["continuation_id"] as Int64])
      return GradingCondition(
        model: row["model"], dataset: row["dataset"], item: row["item"], label: row["label"],
        labelSource: row["label_source"],
        scores: scores.map {
          .init(vector: $0["name"], layer: $0["layer"], position: $0["position"], cosine: $0["cosine"])
        })
    }
  }
}
