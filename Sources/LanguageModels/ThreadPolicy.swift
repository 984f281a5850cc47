import Foundation
import Torch

/// How many CPU threads the command line's models run on.
///
/// All cores, unless the user says otherwise or the model is small: the operations of a small model take microseconds,
/// and threads that wait for each other at the end of every one cost more than they bring, much more on a busy machine.
package enum ThreadPolicy {
  /// Models with fewer parameters run on one thread.
  static let smallModel = 10_000_000

  /// Whether a model's size decides. Off until a program asks for it, since the thread count is the whole process's.
  private nonisolated(unsafe) static var followsModel = false

  /// Called once, before a model is loaded; nil leaves the choice to the model's size.
  package static func choose(_ threads: Int?) {
    followsModel = threads == nil
    Runtime.setThreadCount(threads ?? ProcessInfo.processInfo.activeProcessorCount)
  }

  /// Runs work that needs no model on as many threads whichever model was loaded before, or none, as in a run that goes
  /// on: the number of threads decides about last digits.
  package static func withoutModel<Result>(_ body: () throws -> Result) rethrows -> Result {
    let count = followsModel ? ProcessInfo.processInfo.activeProcessorCount : Runtime.threadCount
    return try Runtime.withThreadCount(count, body)
  }

  /// Called when a model is loaded.
  static func adapt(toParameters count: Int) {
    guard followsModel else { return }
    Runtime.setThreadCount(count < smallModel ? 1 : ProcessInfo.processInfo.activeProcessorCount)
  }
}
