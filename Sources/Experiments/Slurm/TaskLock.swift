import Foundation
import Foundations
import Torch

/// What an array task holds while it works: the run directory together with the other tasks of its array, and its own
/// number alone. So no process has the directory to itself meanwhile, and no share is computed twice at a time.
final class TaskLock {
  private static let folder = "tasks"
  /// Tries for the task's own number, a twentieth of a second apart: a pre-empted one may take a minute to die.
  private static let patience = 1_200

  private let shared: RunLock
  private let own: RunLock

  /// - Throws: `TelltaleError` where somebody has the directory alone, this task runs elsewhere, or tasks of an array
  ///   of another size are at work, whose shares would overlap.
  init(_ directory: URL, _ task: ArrayTask) throws {
    let tasks = directory.appendingPathComponent(Self.folder)
    try FileManager.default.createDirectory(at: tasks, withIntermediateDirectories: true)
    shared = try RunLock(directory, shared: true)
    own = try RunLock(directory, file: "\(Self.folder)/\(task.index).lock", task: task, patience: Self.patience)
    let other = Self.holders(of: directory).first { $0.task.flatMap(ArrayTask.init)?.count != task.count }
    if let other {
      throw TelltaleError(
        .badInput,
        "is in use: \(other.description) works on it, and its share overlaps that of \(task); wait for its end",
        at: InputLocation(file: directory.path))
    }
  }

  /// The array tasks at work, by number.
  static func holders(of directory: URL) -> [RunHolder] {
    let tasks = directory.appendingPathComponent(folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks.path)) ?? []
    let numbers = names.filter { $0.hasSuffix(".lock") }.compactMap { Int($0.dropLast(5)) }.sorted()
    return numbers.compactMap { RunLock.holder(of: tasks.appendingPathComponent("\($0).lock")) }
  }
}
