import Foundation
import Foundations

// Which stages of a run directory are done, and clearing away what is not to be kept.

extension RunDirectory {
  /// What is known of a stage; nil where it was not begun.
  ///
  /// - Throws: `TelltaleError` where the record was altered: what was made for which inputs is not known then, and to make
  ///   it again must be somebody's decision.
  func record(of stage: some Stage) throws -> StageRecord? {
    let url = layout.record(of: stage)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    guard let data = FileManager.default.contents(atPath: url.path),
      let record = try? Self.decoder.decode(StageRecord.self, from: data),
      record.isUnaltered(String(decoding: data, as: UTF8.self))
    else {
      throw TelltaleError(
        .badInput,
        "was altered since the run wrote it; restore it from a copy, or remove it and continue the run, which does the stage "
          + "again", at: InputLocation(file: url.path), remedy: .resume)
    }
    return record
  }

  func write(_ record: StageRecord, of stage: some Stage) throws {
    try AtomicFile.write(record.stored(by: Self.encoder), to: ready(layout.record(of: stage)))
  }

  /// Whether everything that the stage makes is there, made of these inputs.
  func isDone(_ planned: PlannedStage) throws -> Bool {
    guard let record = try record(of: planned.stage), record.hash == planned.hash, record.finished != nil else {
      return false
    }
    return planned.stage.isWhole(layout, record)
  }

  func finish(_ planned: PlannedStage) throws {
    var record = StageRecord(planned)
    record.finished = Date()
    if !type(of: planned.stage).isRepeated { record.files = try sums(of: planned.stage) }
    try write(record, of: planned.stage)
  }

  /// Removes what a stage has made, its record first: files left behind by a kill have no record and are ignored.
  func forget(_ stage: some Stage) throws {
    for url in [layout.record(of: stage)] + stage.outputs(layout) { try remove(url) }
  }

  private func remove(_ url: URL) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    // Hidden first, so that it is there whole or not at all.
    let hidden = url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(UInt32.random(in: 0...UInt32.max)).tmp")
    do {
      try FileManager.default.moveItem(at: url, to: hidden)
      try FileManager.default.removeItem(at: hidden)
    } catch {
      throw TelltaleError(
        .failed, "cannot be removed to be made again; check its permissions", at: InputLocation(file: url.path))
    }
    AtomicFile.flush(folder: url.deletingLastPathComponent())
  }

  /// Forgets every stage that was done, wholly or in part, with other inputs, and files of stages that nothing is known
  /// of; returns a sentence on what changed, nil where nothing did.
  func forgetChanged(_ stages: [PlannedStage]) throws -> String? {
    var changed: Set<String> = []
    var count = 0
    for planned in stages {
      let earlier = try record(of: planned.stage)
      guard earlier?.hash != planned.hash else { continue }
      let isThere = planned.stage.outputs(layout).contains { FileManager.default.fileExists(atPath: $0.path) }
      if let earlier {
        changed.formUnion(planned.changes(since: earlier.inputs))
      } else if isThere {
        changed.insert("what their inputs were is not known")
      }
      if earlier != nil || isThere { count += 1 }
      try forget(planned.stage)
    }
    guard count > 0 else { return nil }
    // A recording that is made again is a consequence, not a cause.
    let causes = changed.subtracting(changed.count > 1 ? ["recording"] : []).sorted().joined(separator: ", ")
    return "\(count) of \(stages.count) stages run again, because their inputs changed since the last run: \(causes)"
  }

  /// Files that a killed process was still writing: hidden, and of no use to anyone.
  func removeUnfinishedFiles() {
    let walk = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil, options: [])
    let unfinished = (walk?.compactMap { $0 as? URL } ?? []).filter {
      $0.lastPathComponent.hasPrefix(".") && $0.pathExtension == "tmp"
    }
    for file in unfinished { try? FileManager.default.removeItem(at: file) }
  }

  /// What file paths in an experiment file are relative to: its folder, and where it lies frozen in a run directory the
  /// folder that it was copied from.
  static func dataFolder(ofExperiment file: URL) -> URL {
    let directory = RunDirectory(existing: file.absoluteURL.deletingLastPathComponent())
    guard file.lastPathComponent == directory.layout.experiment.lastPathComponent else { return directory.url }
    // Of a run of any layout: its experiment file can be run into a new folder.
    struct Origin: Decodable { var folder: String? }
    let origin = directory.json(Origin.self, directory.layout.manifest)
    return origin?.folder.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? directory.url
  }

  var manifest: Manifest? { json(Manifest.self, layout.manifest) }
}

extension RunLayout {
  /// Numbers of the chunks of a recording that are there, ascending.
  func chunkNumbers(_ model: ModelName, _ target: TargetName) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: chunks(model, target).path)) ?? []
    // "05" is no number of a chunk: two folders could have it.
    return names.compactMap { name in Int(name).flatMap { "\($0)" == name ? $0 : nil } }.sorted()
  }

  /// Whether files are there, by their paths in the run directory.
  func areThere(_ files: [String: String]) -> Bool {
    files.keys.allSatisfy { FileManager.default.fileExists(atPath: url.appending(path: $0).path) }
  }

  /// Refuses a directory whose files another version has laid out otherwise.
  package func checkVersion() throws(TelltaleError) {
    struct Stated: Decodable { var layout: Int? }
    guard let data = FileManager.default.contents(atPath: manifest.path),
      let stated = try? JSONDecoder().decode(Stated.self, from: data)
    else { return }
    let version = stated.layout ?? 1
    guard version != Self.version else { return }
    throw TelltaleError(
      .badInput,
      "is a run directory of layout \(version), and this Telltale reads layout \(Self.version); run its experiment.yaml "
        + "into a new folder, and copy labels.jsonl there to keep its labels", at: InputLocation(file: url.path))
  }
}
