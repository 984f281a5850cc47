import Foundation
import Foundations
import Organisms
import Steering
import Torch

/// How fast recordings are written as chunks and read back, on made activations: the part of a run that is neither model
/// nor statistics.
package struct ChunkBenchmark {
  package var rows: Int
  package var layers: Int
  package var hidden: Int
  package var chunkRows: Int

  package init(rows: Int, layers: Int, hidden: Int, chunkRows: Int) {
    (self.rows, self.layers, self.hidden, self.chunkRows) = (rows, layers, hidden, chunkRows)
  }

  package struct Result {
    package var writeSeconds: Double
    package var readSeconds: Double
    package var bytes: Int
    /// Extracting a class mean and judging it at every layer of the prompt; nil where that was not asked for.
    package var judgeSeconds: Double?
  }

  /// Writes `rows` rows of both positions into a new run directory, then reads every number back.
  ///
  /// - Parameter judging: whether the recording is then judged as a run's analysis does, with fewer null directions.
  package func run(in url: URL, judging: Bool, onRows: (Int) -> Void) throws -> Result {
    let directory = try RunDirectory(creating: url)
    let items = try OrganismWorld.items(.facts, count: rows, seed: 1)
    let made = try SyntheticRecording(rows: chunkRows, layers: layers, hidden: hidden, pairs: 2).recording
    let stage = RecordStage(model: "made", target: "rows")
    let started = Date()
    _ = try stage.record(
      items, PlannedStage(stage, inputs: [:]), directory, chunkRows: chunkRows, onRows: onRows,
      record: { part, _ in try named(made, part) })
    let written = Date()
    var sum = 0.0
    try directory.eachChunk(stage.model, stage.target) { _, chunk in
      for position in chunk.activations.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
        sum += try chunk.activations[position]?.sum().scalar() ?? 0
      }
    }
    guard sum.isFinite else { throw TelltaleError(.failed, "what was read back is not what was written") }
    let read = Date()
    if judging { try judge(directory.recording(stage.model, stage.target)) }
    return Result(
      writeSeconds: written.timeIntervalSince(started), readSeconds: read.timeIntervalSince(written),
      bytes: try bytes(under: directory.layout.chunks), judgeSeconds: judging ? Date().timeIntervalSince(read) : nil)
  }

  private func judge(_ recording: ChunkedRecording) throws {
    let vectors = try recording.vectors(at: .prompt, of: Array(recording.rows.indices), seed: 1)
    var options = RecordingAudit.Options()
    (options.draws, options.permutations) = (100, 100)
    let judged = try RecordingAudit(AuditTarget(recording, at: .prompt), options: options)
      .judge(AuditedVector(vectors))
    guard judged.layers.count == layers, try judged.verdict() != nil else {
      throw TelltaleError(.failed, "the recording could not be judged")
    }
  }

  /// The made chunk with the texts of some items.
  private func named(_ made: Recording, _ items: [Item]) throws -> Recording {
    var chunk = items.count == made.rows.count ? made : try made.selecting(Array(items.indices))
    for (index, item) in items.enumerated() {
      chunk.rows[index].id = item.id
      chunk.rows[index].prompt = item.text
      chunk.rows[index].question = item.question
      chunk.rows[index].group = item.group.id
    }
    return chunk
  }

  private func bytes(under url: URL) throws -> Int {
    let walk = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [.fileSizeKey])
    return (walk?.compactMap { $0 as? URL } ?? []).reduce(0) {
      $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
    }
  }
}
