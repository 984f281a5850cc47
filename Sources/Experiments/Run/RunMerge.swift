import Foundation
import Foundations
import Steering
import Torch

/// Two run directories of one experiment as a third: chunks, vectors and labels of both. What both hold must be equal.
///
/// The parts of a recording that was shared out may lie in either; what neither has is recorded by `run --resume`.
public struct RunMerge {
  private let sources: [StoredRun]
  private let target: RunDirectory

  public struct Summary: Encodable, Sendable {
    public var chunks: Int
    public var vectors: Int
    public var handLabels: Int
    /// Whether nothing is missing, so that the tables could be written.
    public var isComplete: Bool
  }

  /// - Throws: `TelltaleError` where the two are of different experiments or were made of different inputs.
  public static func merge(
    _ first: URL, _ second: URL, output: URL, onStage: @escaping (String) -> Void = { _ in }
  ) throws -> Summary {
    let sources = try [StoredRun(first), StoredRun(second)]
    guard sources[0].experiment == sources[1].experiment else {
      throw TelltaleError(
        .badInput, "holds another experiment than \(first.path); only runs of one experiment can be merged",
        at: InputLocation(file: second.path))
    }
    let locks = try sources.map { try RunLock($0.directory.url) }
    defer { withExtendedLifetime(locks) {} }
    try checkInputs(sources)
    let merge = RunMerge(sources: sources, target: try RunDirectory(creating: output))
    do { return try merge.run(onStage) } catch {
      // The folder was made by this call and holds copies only.
      try? FileManager.default.removeItem(at: output)
      throw error
    }
  }

  private static func checkInputs(_ sources: [StoredRun]) throws {
    for stage in sources[0].experiment.stages where stage.kind != .analysis {
      let records = sources.map { $0.directory.record(of: stage.name) }
      guard let one = records[0], let other = records[1], one.hash != other.hash else { continue }
      let changes = Stage(kind: stage.kind, model: stage.model, subject: stage.subject, inputs: one.inputs)
        .changes(since: other.inputs).joined(separator: ", ")
      throw TelltaleError(
        .badInput,
        "made \(stage.name) with other inputs than \(sources[0].directory.url.path): \(changes); results of different "
          + "inputs are not merged", at: InputLocation(file: sources[1].directory.url.path))
    }
  }

  private func run(_ onStage: (String) -> Void) throws -> Summary {
    let lock = try RunLock(target.url)
    defer { withExtendedLifetime(lock) {} }
    try copy("experiment.yaml")
    if let manifest = sources.compactMap(\.directory.manifest).first {
      try target.write(manifest, json: "manifest.json")
    }
    var summary = Summary(chunks: 0, vectors: 0, handLabels: 0, isComplete: true)
    for stage in sources[0].experiment.stages where stage.kind != .analysis {
      guard try merge(stage, &summary) else {
        summary.isComplete = false
        continue
      }
    }
    let labels = try uniteLabels()
    summary.handLabels = labels.count
    try LabelJournal(target).append(labels)
    try writeTables(summary, onStage)
    return summary
  }

  private func writeTables(_ summary: Summary, _ onStage: (String) -> Void) throws {
    let merged = try StoredRun(target.url)
    let store = try RunStore(target)
    guard summary.isComplete else { return try store.buildRows(merged) }
    // Without an onStage of its own: the closure would outlive this call.
    onStage("judging")
    _ = try Analysis(merged).write()
    try store.build(merged)
  }

  /// Unites a stage; false where something of it is in neither run.
  private func merge(_ stage: Stage, _ summary: inout Summary) throws -> Bool {
    let records = sources.compactMap { $0.directory.record(of: stage.name) }
    guard var record = records.first(where: { $0.finished != nil }) ?? records.first else { return false }
    if stage.kind == .record { return try mergeChunks(stage, &record, records, &summary) }
    guard record.finished != nil else { return false }
    for url in target.outputs(of: stage) {
      let path = url.path.dropFirst(target.url.path.count + 1)
      if try copy(String(path)), stage.kind == .extract, path.hasPrefix("vectors/") { summary.vectors += 1 }
    }
    try target.write(record, of: stage.name)
    return true
  }

  private func mergeChunks(
    _ stage: Stage, _ record: inout StageRecord, _ records: [StageRecord], _ summary: inout Summary
  ) throws -> Bool {
    let path = "chunks/\(stage.model)-\(stage.subject)"
    let numbers = Set(sources.flatMap { $0.directory.chunkNumbers($0.directory.file(path)) }).sorted()
    for number in numbers {
      for name in ["rows.jsonl", "activations.safetensors"] { try copy("\(path)/\(number)/\(name)") }
    }
    summary.chunks += numbers.count
    for other in records { record.seconds.merge(other.seconds) { own, _ in own } }
    let isWhole = numbers.count == record.chunks
    record.finished = isWhole ? (record.finished ?? Date()) : nil
    try target.write(record, of: stage.name)
    return isWhole
  }

  /// Copies a file that one or both have; false where neither does. Where both do, they must be equal.
  @discardableResult
  private func copy(_ path: String) throws -> Bool {
    let found = sources.map { $0.directory.file(path) }.filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let first = found.first else { return false }
    if found.count == 2, path != "experiment.yaml",
      !FileManager.default.contentsEqual(atPath: first.path, andPath: found[1].path)
    {
      throw TelltaleError(
        .badInput,
        "differs from \(first.path) though both were made of the same inputs; decide which is right and remove the other",
        at: InputLocation(file: found[1].path))
    }
    try RunFiles.copy(first, to: target.file(path))
    return true
  }

  /// The labels of both journals in the order of their times, each once.
  private func uniteLabels() throws -> [HandLabel] {
    var seen: [String: HandLabel] = [:]
    var labels: [HandLabel] = []
    for label in try sources.flatMap({ try LabelJournal($0.directory).read() }) {
      if let earlier = seen[label.key] {
        guard earlier == label else {
          throw TelltaleError(
            .badInput,
            "the label \(SafeText.quoted(label.key)) of \(SafeText.quoted(label.rater)) says different things in the two "
              + "runs; labels are never changed, so mend the journal labels.jsonl that was edited",
            at: InputLocation(file: sources[1].directory.url.path))
        }
      } else {
        seen[label.key] = label
        labels.append(label)
      }
    }
    return labels.sorted { ($0.time, $0.key) < ($1.time, $1.key) }
  }
}

extension Experiment {
  /// The stages by name; their inputs are not worked out.
  var stages: [Stage] { stageNames.map { Stage(kind: $0.kind, model: $0.model, subject: $0.subject, inputs: [:]) } }
}
