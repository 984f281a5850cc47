import Torch

/// How many CPU threads the command line's models run on.
///
/// All cores (`ProcessorCount`), unless the user says otherwise or the model is small: the operations of a small model take microseconds,
/// and threads that wait for each other at the end of every one cost more than they bring, much more on a busy machine.
package enum ThreadPolicy {
  /// Models with fewer parameters run on one thread.
  static let smallModel = 10_000_000

  /// Whether a model's size decides. Off until a program asks for it, since the thread count is the whole process's.
  private nonisolated(unsafe) static var followsModel = false

  /// Called once, before a model is loaded; nil leaves the choice to the model's size.
  package static func choose(_ threads: Int?) {
    followsModel = threads == nil
    Runtime.setThreadCount(threads ?? ProcessorCount.usable)
  }

  /// Runs work that needs no model on as many threads whichever model was loaded before, or none, as in a run that is
  /// resumed: the number of threads decides about last digits.
  package static func withoutModel<Result>(_ body: () throws -> Result) rethrows -> Result {
    let count = followsModel ? ProcessorCount.usable : Runtime.threadCount
    return try Runtime.withThreadCount(count, body)
  }

  /// Threads that can each work on a separate pass: for a model whose single operations are too short to be shared out,
  /// and whose passes take little memory.
  package static func passesTogether(_ model: LanguageModel) -> Int {
    guard model.isOnCPU, model.parameterCount < sharedOut else { return 1 }
    return followsModel ? ProcessorCount.usable : Runtime.threadCount
  }

  /// From so many parameters on, all threads work on one pass.
  static let sharedOut = 50_000_000

  /// Called when a model is loaded.
  static func adapt(toParameters count: Int) {
    guard followsModel else { return }
    Runtime.setThreadCount(count < smallModel ? 1 : ProcessorCount.usable)
  }
}
