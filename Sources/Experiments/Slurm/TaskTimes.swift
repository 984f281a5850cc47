import Foundation

/// Seconds that an array task took for each chunk it recorded, by stage and number. The stages' own records are left to
/// whoever has the directory alone.
struct TaskTimes {
  private let directory: RunDirectory
  private let file: URL
  private var seconds: [String: [String: Double]]

  /// Continues from what an earlier try of the task wrote.
  init(_ directory: RunDirectory, _ task: ArrayTask) {
    (self.directory, file) = (directory, directory.layout.taskTimes(task.index))
    seconds = Self.read(directory, task.index)
  }

  mutating func add(_ seconds: Double, stage: String, chunk: Int) throws {
    self.seconds[stage, default: [:]]["\(chunk)"] = seconds
    try directory.write(self.seconds, json: file)
  }

  /// Those of all tasks.
  static func all(in directory: RunDirectory) -> [String: [String: Double]] {
    directory.layout.taskNumbers.reduce(into: [:]) { all, number in
      all.merge(read(directory, number)) { $0.merging($1) { own, _ in own } }
    }
  }

  private static func read(_ directory: RunDirectory, _ number: Int) -> [String: [String: Double]] {
    directory.json([String: [String: Double]].self, directory.layout.taskTimes(number)) ?? [:]
  }
}
