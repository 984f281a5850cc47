import Foundation
import Foundations
import Torch

/// What an array task holds while it works: the run directory together with the other tasks of its array, and its own
/// number alone. So no process has the directory to itself meanwhile, and no share is computed twice at a time.
final class TaskLock {
  /// Tries for the task's own number, a twentieth of a second apart: a pre-empted one may take a minute to die.
  private static let patience = 1_200

  private let shared: RunLock
  private let own: RunLock

  /// - Throws: `TelltaleError` where somebody has the directory alone, this task runs elsewhere, or tasks of an array
  ///   of another size are at work, whose shares would overlap.
  init(_ directory: RunDirectory, _ task: ArrayTask) throws {
    let layout = directory.layout
    shared = try RunLock(layout, shared: true)
    own = try RunLock(
      layout, file: directory.ready(layout.taskLock(task.index)), task: task, patience: Self.patience)
    let other = Self.holders(of: layout).first { $0.task.flatMap(ArrayTask.init)?.count != task.count }
    if let other {
      throw TelltaleError(
        .badInput,
        "is in use: \(other.description) works on it, and its share overlaps that of \(task); wait for its end",
        at: InputLocation(file: directory.url.path))
    }
  }

  /// The array tasks at work, by number.
  static func holders(of layout: RunLayout) -> [RunHolder] {
    layout.taskNumbers.compactMap { RunLock.holder(of: layout.taskLock($0)) }
  }
}
