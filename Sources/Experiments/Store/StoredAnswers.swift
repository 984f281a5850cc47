import Foundation
import GRDB

/// One answer of a run, as its readers see it.
package struct StoredAnswer: Sendable {
  /// The number of the answer in the store, by which scores name it.
  package var id: Int64
  package var item: String
  /// The distinct question.
  package var group: String
  package var question: String
  /// The whole text that the model was given.
  package var prompt: String
  package var continuation: String
  package var letter: String?
  package var userSide: String?
  /// The run's own label: 1 the behaviour, 0 not, nil where it could not be told.
  package var label: Int?
  /// Where the label comes from.
  package var labelSource: String?
  /// Why there is no label.
  package var unparsable: String?
  /// log p(matching answer) - log p(likeliest other), in nats.
  package var logitDifference: Double?
}

/// Cosines of answers with one vector at one layer, by the answer's number in the store.
package typealias StoredCosines = [Int64: Double]

extension RunStore {
  /// The store of a run, where one was built; nothing is made where it was not.
  package static func ifBuilt(_ run: StoredRun) throws -> RunStore? {
    guard FileManager.default.fileExists(atPath: run.layout.store.path) else { return nil }
    return try RunStore(run)
  }

  /// The answers of one model to one data set, in the order in which they were recorded.
  package func answers(model: String, dataset: String) throws -> [StoredAnswer] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM answers WHERE model = ? AND dataset = ? ORDER BY number",
        arguments: [model, dataset]
      ).map { row in
        StoredAnswer(
          id: row["continuation_id"], item: row["item"], group: row["question_group"], question: row["question"],
          prompt: row["prompt"], continuation: row["continuation"], letter: row["letter"],
          userSide: row["user_side"], label: row["label"], labelSource: row["label_source"],
          unparsable: row["unparsable"], logitDifference: row["logit_difference"])
      }
    }
  }

  /// Cosines of the answers to one data set with a vector, by layer; answers without an activation there are left out.
  package func cosines(
    model: String, vector: String, dataset: String, position: String
  ) throws -> [Int: StoredCosines] {
    try read { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT v.layer, s.continuation_id, s.cosine
          FROM vectors v JOIN scores s ON s.vector_id = v.id
          JOIN continuations c ON c.id = s.continuation_id JOIN prompts p ON p.id = c.prompt_id
          WHERE v.model = ? AND v.name = ? AND s.position = ? AND p.dataset = ? AND p.model = ? AND s.cosine IS NOT NULL
          """, arguments: [model, vector, position, dataset, model])
      var layers: [Int: StoredCosines] = [:]
      while let row = try rows.next() { layers[row[0], default: [:]][row[1]] = row[2] as Double }
      return layers
    }
  }
}
