import Foundation
import Torch

/// How many CPU threads a model runs on.
///
/// All cores, unless the user says otherwise or the model is small: the operations of a small model take microseconds,
/// and threads that wait for each other at the end of every one cost more than they bring, much more on a busy machine.
package enum ThreadPolicy {
  /// Models with fewer parameters run on one thread.
  static let smallModel = 10_000_000

  private nonisolated(unsafe) static var chosen: Int?

  /// Called once, before a model is loaded; nil leaves the choice to the model's size.
  package static func choose(_ threads: Int?) {
    chosen = threads
    Runtime.setThreadCount(threads ?? ProcessInfo.processInfo.activeProcessorCount)
  }

  /// Called when a model is loaded.
  static func adapt(toParameters count: Int) {
    guard chosen == nil else { return }
    Runtime.setThreadCount(count < smallModel ? 1 : ProcessInfo.processInfo.activeProcessorCount)
  }
}
