import Foundation
import Foundations
import Steering
import Torch

/// Two run directories of one experiment as a third: chunks, vectors and labels of both. What both hold must be equal.
///
/// The parts of a recording that was shared out may lie in either; what neither has is recorded by `run --resume`.
package struct RunMerge {
  private let sources: [StoredRun]
  private let target: RunDirectory

  package struct Summary: Encodable, Sendable {
    package var chunks: Int
    package var vectors: Int
    package var handLabels: Int
    /// Whether nothing is missing, so that the tables could be written.
    package var isComplete: Bool
  }

  /// - Throws: `TelltaleError` where the two are of different experiments or were made of different inputs.
  package static func merge(
    _ first: URL, _ second: URL, output: URL, onStage: @escaping (String) -> Void = { _ in }
  ) throws -> Summary {
    let sources = try [StoredRun(first), StoredRun(second)]
    guard sources[0].experiment == sources[1].experiment else {
      throw TelltaleError(
        .badInput, "holds another experiment than \(first.path); only runs of one experiment can be merged",
        at: InputLocation(file: second.path))
    }
    let locks = try sources.map { try RunLock($0.directory.layout) }
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
    for stage in lasting(sources[0]) {
      let records = try sources.map { try $0.directory.record(of: stage) }
      guard let one = records[0], let other = records[1], one.hash != other.hash else { continue }
      let changes = PlannedStage.changes(one.inputs, other.inputs).joined(separator: ", ")
      throw TelltaleError(
        .badInput,
        "made \(stage.name) with other inputs than \(sources[0].directory.url.path): \(changes); results of different "
          + "inputs are not merged", at: InputLocation(file: sources[1].directory.url.path))
    }
  }

  /// The stages that are united; tables are made again.
  private static func lasting(_ run: StoredRun) -> [any Stage] {
    run.experiment.stages.filter { !type(of: $0).isRepeated }
  }

  private func run(_ onStage: (String) -> Void) throws -> Summary {
    let lock = try RunLock(target.layout)
    defer { withExtendedLifetime(lock) {} }
    try RunFiles.copy(sources[0].directory.layout.experiment, to: target.layout.experiment)
    if let manifest = sources.compactMap(\.directory.manifest).first {
      try target.write(manifest, json: target.layout.manifest)
    }
    var summary = Summary(chunks: 0, vectors: 0, handLabels: 0, isComplete: true)
    for stage in Self.lasting(sources[0]) {
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
  private func merge(_ stage: some Stage, _ summary: inout Summary) throws -> Bool {
    let records = try sources.compactMap { try $0.directory.record(of: stage) }
    for source in sources { try stage.check(source.directory) }
    guard var record = records.first(where: { $0.finished != nil }) ?? records.first else { return false }
    // Of what is made in chunks each run may have some.
    guard record.finished != nil || stage.chunkNumbers(target.layout) != nil else { return false }
    for output in stage.outputs(target.layout) {
      let path = target.layout.path(of: output)
      let files = Set(sources.flatMap { Self.files($0.directory.url.appending(path: path)) })
      // Sums last, so that it is the file that differs which is named.
      let isSum = { (file: String) in file.hasSuffix(FolderSums.fileName) }
      for file in files.filter({ !isSum($0) }).sorted() + files.filter(isSum).sorted() {
        try copy(file.isEmpty ? path : "\(path)/\(file)")
      }
    }
    for other in records { record.seconds.merge(other.seconds) { own, _ in own } }
    if stage.chunkNumbers(target.layout) != nil { record.files = nil }
    let isWhole = stage.isWhole(target.layout, record)
    record.files = try target.sums(of: stage)
    record.finished = isWhole ? (record.finished ?? Date()) : nil
    try target.write(record, of: stage)
    stage.add(to: &summary, target.layout)
    return isWhole
  }

  /// The files of a folder by their paths in it; of a file, an empty path; none where nothing is there.
  private static func files(_ url: URL) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return [] }
    guard isFolder.boolValue else { return [""] }
    let paths = (FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }) ?? []
    return paths.filter { path in
      !path.split(separator: "/").contains { $0.hasPrefix(".") }
        && FileManager.default.fileExists(atPath: url.appending(path: path).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }
  }

  /// Copies a file that one or both have. Where both do, they must be equal.
  private func copy(_ path: String) throws {
    let found = sources.map { $0.directory.url.appending(path: path) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let first = found.first else { return }
    if found.count == 2, !FileManager.default.contentsEqual(atPath: first.path, andPath: found[1].path) {
      throw TelltaleError(
        .badInput,
        "differs from \(first.path) though both were made of the same inputs; decide which is right and remove the other",
        at: InputLocation(file: found[1].path))
    }
    try RunFiles.copy(first, to: target.url.appending(path: path))
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
