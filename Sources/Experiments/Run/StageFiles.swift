import Foundation
import Steering
import Torch

// Which stages of a run directory are done, and clearing away what is not to be kept.

extension RunDirectory {
  /// Whether everything that the stage makes is there, made of these inputs.
  func isDone(_ stage: Stage) -> Bool {
    guard let record = record(of: stage.name), record.hash == stage.hash, record.finished != nil else { return false }
    switch stage.kind {
    case .record: return chunkNumbers(outputs(of: stage)[0]).count == record.chunks
    case .extract, .steer, .compare: return FileManager.default.fileExists(atPath: outputs(of: stage)[0].path)
    case .audit, .analysis: return true
    }
  }

  func finish(_ stage: Stage) throws {
    var record = StageRecord(stage)
    record.finished = Date()
    try write(record, of: stage.name)
  }

  /// Forgets every stage that was done, wholly or in part, with other inputs, and files of stages that nothing is known
  /// of; returns a sentence on what changed, nil where nothing did.
  func forgetChanged(_ stages: [Stage]) throws -> String? {
    var changed: Set<String> = []
    var count = 0
    for stage in stages {
      let earlier = record(of: stage.name)
      guard earlier?.hash != stage.hash else { continue }
      let isThere = outputs(of: stage).contains { FileManager.default.fileExists(atPath: $0.path) }
      if let earlier {
        changed.formUnion(stage.changes(since: earlier.inputs))
      } else if isThere {
        changed.insert("what their inputs were is not known")
      }
      if earlier != nil || isThere { count += 1 }
      try forget(stage)
    }
    guard count > 0 else { return nil }
    // A recording that is made anew is a consequence, not a cause.
    let causes = changed.subtracting(changed.count > 1 ? ["recording"] : []).sorted().joined(separator: ", ")
    return "\(count) of \(stages.count) stages are done anew, as their inputs changed since the last run: \(causes)"
  }

  /// Numbers of the chunks in a folder, ascending.
  func chunkNumbers(_ folder: URL) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { Int($0) }.sorted()
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
    let folder = file.absoluteURL.deletingLastPathComponent()
    guard file.lastPathComponent == "experiment.yaml", let origin = RunDirectory(existing: folder).manifest?.folder
    else { return folder }
    return URL(fileURLWithPath: origin, isDirectory: true)
  }

  var manifest: Manifest? {
    guard let data = FileManager.default.contents(atPath: file("manifest.json").path) else { return nil }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try? decoder.decode(Manifest.self, from: data)
  }
}
