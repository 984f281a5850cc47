import Foundation
import Torch

/// `tasks/<number>.times.json`: seconds that an array task took for each chunk it recorded, by stage and number. The
/// stages' own records are left to whoever has the directory alone.
struct TaskTimes {
  private static let suffix = ".times.json"
  private let directory: RunDirectory
  private let path: String
  private var seconds: [String: [String: Double]]

  /// Goes on with what an earlier try of the task wrote.
  init(_ directory: RunDirectory, _ task: ArrayTask) {
    self.directory = directory
    path = "tasks/\(task.index)\(Self.suffix)"
    seconds = Self.read(directory.file(path))
  }

  mutating func add(_ seconds: Double, stage: String, chunk: Int) throws {
    self.seconds[stage, default: [:]]["\(chunk)"] = seconds
    try directory.write(self.seconds, json: path)
  }

  /// Those of all tasks.
  static func all(in directory: RunDirectory) -> [String: [String: Double]] {
    let folder = directory.file("tasks")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted().reduce(into: [:]) { all, name in
      all.merge(read(folder.appendingPathComponent(name))) { $0.merging($1) { own, _ in own } }
    }
  }

  private static func read(_ url: URL) -> [String: [String: Double]] {
    FileManager.default.contents(atPath: url.path)
      .flatMap { try? JSONDecoder().decode([String: [String: Double]].self, from: $0) } ?? [:]
  }
}
