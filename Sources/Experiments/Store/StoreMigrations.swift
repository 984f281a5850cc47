import GRDB

/// The schema of `telltale.sqlite`. A migration that was published is frozen: changes are further migrations, since hand
/// labels cannot be computed again.
enum StoreMigrations {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: rows, labels, scores") { database in
      for statement in [prompts, continuations, labels, vectors, scores] + refusals + views {
        try database.execute(sql: statement)
      }
    }
    migrator.registerMigration("2: reference answers, what the store was built from") { database in
      for statement in references + [state] { try database.execute(sql: statement) }
    }
    return migrator
  }

  /// Reference answers of the data set, the best first, as a JSON list; NULL where there are none.
  private static let references = ["correct_answers", "incorrect_answers"].map {
    "ALTER TABLE prompts ADD COLUMN \($0) TEXT"
  }

  /// Up to where the files of the run are in the store, so that a label is added without reading them all again.
  private static let state = "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"

  /// What the models were asked. `key` names the content, so that the same question keeps its row when a run is rebuilt.
  private static let prompts = """
    CREATE TABLE prompts (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      model TEXT NOT NULL,
      dataset TEXT NOT NULL,
      item TEXT NOT NULL,
      question_group TEXT NOT NULL,
      question TEXT NOT NULL,
      source TEXT NOT NULL,
      source_row INTEGER NOT NULL,
      letter TEXT,
      user_side TEXT,
      text TEXT NOT NULL,
      tokens INTEGER NOT NULL,
      read_token INTEGER NOT NULL,
      read_token_text TEXT NOT NULL
    ) STRICT
    """

  /// What they answered. An answer that a later run replaced stays, with is_current = 0, for the labels it was given.
  private static let continuations = """
    CREATE TABLE continuations (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      prompt_id INTEGER NOT NULL REFERENCES prompts(id),
      is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),
      number INTEGER NOT NULL,
      text TEXT NOT NULL,
      end TEXT NOT NULL,
      read_token INTEGER,
      read_token_text TEXT,
      logit_difference REAL
    ) STRICT
    """

  /// Every label that was ever given; label is NULL where the answer could not be read, with the reason as note.
  private static let labels = """
    CREATE TABLE labels (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      key TEXT NOT NULL UNIQUE,
      continuation_id INTEGER NOT NULL REFERENCES continuations(id),
      label INTEGER CHECK (label IN (0, 1)),
      source TEXT NOT NULL,
      rater TEXT,
      note TEXT,
      time TEXT NOT NULL
    ) STRICT
    """

  private static let vectors = """
    CREATE TABLE vectors (
      id INTEGER PRIMARY KEY,
      model TEXT NOT NULL,
      name TEXT NOT NULL,
      layer INTEGER NOT NULL,
      method TEXT,
      read TEXT,
      norm REAL NOT NULL,
      residual_norm REAL,
      reliability REAL,
      pairs INTEGER,
      groups INTEGER,
      positive_share REAL,
      data TEXT,
      data_hash TEXT,
      template TEXT,
      seed TEXT,
      dtype TEXT,
      model_fingerprint TEXT,
      tokenizer_hash TEXT,
      file TEXT NOT NULL,
      UNIQUE (model, name, layer)
    ) STRICT
    """

  private static let scores = """
    CREATE TABLE scores (
      continuation_id INTEGER NOT NULL REFERENCES continuations(id),
      vector_id INTEGER NOT NULL REFERENCES vectors(id) ON DELETE CASCADE,
      position TEXT NOT NULL,
      cosine REAL,
      centred_cosine REAL,
      projection REAL,
      PRIMARY KEY (vector_id, position, continuation_id)
    ) STRICT, WITHOUT ROWID
    """

  private static let refusals = ["UPDATE", "DELETE"].map { action in
    """
    CREATE TRIGGER labels_refuse_\(action.lowercased()) BEFORE \(action) ON labels
    BEGIN SELECT RAISE(ABORT, 'labels are append-only: give another label instead'); END
    """
  }

  private static let views = [
    "CREATE INDEX labels_by_continuation ON labels(continuation_id, source, id)",
    "CREATE INDEX continuations_by_prompt ON continuations(prompt_id)",
    // The latest label of each source.
    """
    CREATE VIEW current_labels AS
    SELECT l.* FROM labels l WHERE l.id = (
      SELECT max(id) FROM labels WHERE continuation_id = l.continuation_id AND source = l.source)
    """,
    // One row an answer, with the label that the run gave it.
    """
    CREATE VIEW answers AS
    SELECT c.id AS continuation_id, c.key AS answer, p.model, p.dataset, c.number, p.item, p.question_group, p.question,
      p.source, p.source_row, p.letter, p.user_side, p.text AS prompt, c.text AS continuation, c.end, l.label,
      l.source AS label_source, l.note AS unparsable, c.logit_difference, p.tokens AS prompt_tokens,
      p.read_token_text AS prompt_token_text, c.read_token_text AS continuation_token_text
    FROM continuations c JOIN prompts p ON p.id = c.prompt_id
    LEFT JOIN current_labels l ON l.continuation_id = c.id AND l.rater IS NULL
    WHERE c.is_current = 1 ORDER BY p.model, p.dataset, c.number
    """,
  ]
}
