import Foundation
import Foundations
import GRDB
import LanguageModels
import Steering
import Torch

// From chunks and vector files to the store. What is in the files replaces what was in the store; labels stay.

extension RunStore {
  /// Builds the whole store: rows, then vectors and scores. One chunk is in memory at a time.
  package func build(_ run: StoredRun) throws {
    let signature = run.rowsSignature
    try write { database in
      try storeRows(run, database)
      try storeScores(run, database)
    }
    try remember(signature, as: .rowsSignature)
    try addJournal(whole: true)
  }

  /// The rows of the chunks that are there, as of a run that is not finished: what a rater can label. Where the store
  /// already has the rows of these chunks, nothing is read.
  package func buildRows(_ run: StoredRun) throws {
    let signature = run.rowsSignature
    if try state(.rowsSignature) != signature {
      try write { try storeRows(run, $0) }
      try remember(signature, as: .rowsSignature)
    }
    try addJournal()
  }

  private func storeRows(_ run: StoredRun, _ database: Database) throws {
    try database.execute(sql: "UPDATE continuations SET is_current = 0")
    let rows = try StoredRows(database)
    for model in run.models {
      for dataset in run.experiment.recordedDatasets {
        var number = 0
        var keys = ContentKeys(model: model, dataset: dataset)
        try run.directory.eachChunk(model, dataset) { _, chunk in
          for row in chunk.rows {
            try rows.add(row, number: number, keys: keys.next(row), model: model, dataset: dataset)
            number += 1
          }
        }
      }
    }
  }

  // MARK: Vectors and scores

  private func storeScores(_ run: StoredRun, _ database: Database) throws {
    try database.execute(sql: "DELETE FROM scores; DELETE FROM vectors")
    for model in run.models {
      for settings in run.experiment.vectors {
        let vectors = try run.vectors(model, settings.name)
        for layer in vectors.sortedLayers {
          try storeVector(
            vectors, layer, model: model, name: settings.name,
            run.layout.path(of: run.layout.vector(model, settings.name)), database)
          let id = database.lastInsertedRowID
          for target in run.experiment.targets {
            try storeScores(run, target, model, vectors, layer, id, database)
          }
        }
      }
    }
  }

  private func storeVector(
    _ vectors: SteeringVectors, _ layer: Int, model: ModelName, name: VectorName, _ file: String, _ database: Database
  ) throws {
    let made = vectors.provenance
    try database.cachedStatement(
      sql: """
        INSERT INTO vectors (model, name, layer, method, read, norm, residual_norm, reliability, pairs, groups,
          positive_share, data, data_hash, template, seed, dtype, model_fingerprint, tokenizer_hash, file)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        model.text, name.text, layer, made.contrast, made.read, vectors.norm(layer), made.residualNorms[layer],
        made.reliability[layer], made.pairs, made.groups, made.positiveShare, made.data, made.dataHash, made.template,
        made.seed.map { "\($0)" }, made.dtype, made.modelFingerprint, made.tokenizerHash,
        file,
      ])
  }

  /// Scores of one vector at one layer on a target, at every position at which the experiment judges it.
  private func storeScores(
    _ run: StoredRun, _ target: TargetName, _ model: ModelName, _ vectors: SteeringVectors, _ layer: Int,
    _ vector: Int64, _ database: Database
  ) throws {
    let insert = try database.cachedStatement(
      sql: """
        INSERT INTO scores (continuation_id, vector_id, position, cosine, centred_cosine, projection)
        VALUES (?, ?, ?, ?, ?, ?)
        """)
    var keys = ContentKeys(model: model, dataset: target)
    try run.directory.eachChunk(model, target) { _, chunk in
      let ids = try chunk.rows.map { try Self.continuation(keys.next($0).continuation, database) }
      for position in run.experiment.positions(of: target) {
        let scores = try RowScores(chunk.stream(position, layer: layer), vectors, layer)
        for (index, id) in ids.enumerated() {
          try insert.execute(
            arguments: [
              id, vector, position.rawValue, scores.cosine[index], scores.centred?[index], scores.projection[index],
            ])
        }
      }
    }
  }

  private static func continuation(_ key: String, _ database: Database) throws -> Int64? {
    let find = try database.cachedStatement(sql: "SELECT id FROM continuations WHERE key = ?")
    return try Int64.fetchOne(find, arguments: [key])
  }
}

/// The scores of some rows against one vector; nil where the row has no activation (an empty continuation).
private struct RowScores {
  var cosine: [Double?]
  var centred: [Double?]?
  var projection: [Double?]

  init(_ stream: Tensor, _ vectors: SteeringVectors, _ layer: Int) throws {
    let vector = try vectors.vector(layer)
    let stream = try vectors.prepared(stream)
    func scores(_ kind: ScoreKind, mean: [Float]? = nil) throws -> [Double?] {
      try kind.scores(stream, vector: vector, mean: mean).map { $0.isFinite ? $0 : nil }
    }
    cosine = try scores(.cosine)
    projection = try scores(.projection)
    centred = try vectors.means[layer].map { try scores(.centredCosine, mean: $0) }
  }
}

extension Experiment {
  /// Every position at which a target is judged, each once.
  func positions(of target: TargetName) -> [ReadPosition] {
    var seen: Set<ReadPosition> = []
    return predictions.filter { $0.targets.contains(target.text) }.flatMap(\.positions).filter {
      seen.insert($0).inserted
    }
  }

  /// The turns of chats that vectors or predictions read, which every recording then holds.
  var turns: [Int] {
    let reads = vectors.map(\.read) + predictions.flatMap(\.positions) + (study.map { [$0.position] } ?? [])
    return Set(reads.compactMap(\.turn)).sorted()
  }
}

extension StoredRun {
  /// Tells one set of chunks from another: their names, sizes and times.
  fileprivate var rowsSignature: String {
    var parts: [String] = []
    for recording in RecordStage.all(of: experiment, experiment.modelNames) {
      for number in layout.chunkNumbers(recording.model, recording.target) {
        let rows = layout.chunk(recording.model, recording.target, number).appending(path: "rows.jsonl")
        let found = try? FileManager.default.attributesOfItem(atPath: rows.path)
        let time = (found?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        parts.append("\(recording.name)/\(number) \(found?[.size] as? Int ?? 0) \(time)")
      }
    }
    return String(SHA256.hexadecimalDigest(of: Array(parts.joined(separator: "\n").utf8)).prefix(20))
  }

  package var models: [ModelName] { experiment.modelNames }
}
