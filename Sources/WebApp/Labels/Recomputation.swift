import Dispatch
import Experiments
import Synchronization

/// Runs judged by other labels, one computation at a time; the latest of each run and source is kept to be shown.
final class Recomputation: Sendable {
  private struct Name: Hashable {
    var run: String
    var labels: LabelChoice
  }

  private let queue = DispatchQueue(label: "telltale.recomputation")
  private let results = Mutex<[Name: ExperimentResults]>([:])

  /// Computes and writes the tables of a run by these labels, as `telltale predict --labels` does.
  func compute(_ run: String, by labels: LabelChoice, _ desk: GradingDesk) async throws {
    let found = try await withCheckedThrowingContinuation { told in
      queue.async { told.resume(with: Result { try Analysis(desk.run, labels: labels).write() }) }
    }
    guard found.hasLabels else {
      throw RequestError(.badRequest, found.missingLabels ?? "There are no such labels.")
    }
    results.withLock { $0[Name(run: run, labels: labels)] = found }
  }

  func results(_ run: String, by labels: LabelChoice) -> ExperimentResults? {
    results.withLock { $0[Name(run: run, labels: labels)] }
  }
}
