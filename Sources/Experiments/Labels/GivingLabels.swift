import Foundation
import Foundations

/// Labels that are given to a run by a command: on the disk in the journal first, and only then in the store. A store that
/// cannot be opened costs no label: answers are then found in the run's files.
package struct GivingLabels {
  private let run: StoredRun
  private let store: Result<RunStore, any Error>

  package init(_ run: StoredRun) {
    self.run = run
    store = Result {
      let store = try RunStore(run)
      try store.buildRows(run)
      return store
    }
  }

  /// The labels of a table.
  ///
  /// - Parameter rater: nil where the table says it.
  package func labels(of table: LabelImport, by rater: String?, pass: Int?) throws -> [HandLabel] {
    guard let store = try? store.get() else { return try table.labels(by: rater, pass: pass, in: FiledAnswers(run)) }
    return try table.labels(by: rater, pass: pass, in: store)
  }

  /// The key of the one answer that is meant.
  package func answer(_ choice: AnswerChoice) throws -> String {
    guard let store = try? store.get() else { return try FiledAnswers(run).answer(choice, at: nil) }
    return try store.answer(choice)
  }

  /// Stores labels. Once this returns or says that only the store fails, no kill and no power cut loses them.
  package func give(_ labels: [HandLabel]) throws {
    guard let store = try? store.get() else {
      try LabelJournal(run.directory).append(labels)
      do { _ = try store.get() } catch { throw RunStore.storedOnlyInJournal(error, run.directory) }
      return
    }
    try store.append(labels)
  }
}
