import Foundation
import Foundations
import GRDB
import Synchronization
import Torch

/// Hand grading of one run, for several raters at once: whose turn is which answer, and where labels are put.
///
/// A label is in the journal, flushed to the disk, before `save` returns; the store follows in the background. Labels that
/// other processes add to the journal are seen. All methods may be called from any thread; those that are not async block.
package final class GradingDesk: Sendable {
  /// More raters than this are no raters.
  package static let mostRaters = 100

  package let run: StoredRun
  package let store: RunStore
  private let journal: LabelJournal
  private let repeated: Double
  private let state = Mutex(State())
  private let storing = DispatchQueue(label: "telltale.labels.store")
  private let writer: Mutex<LabelWriter?> = Mutex(nil)

  private struct State {
    var answers: [(key: String, dataset: String)] = []
    var known: Set<String> = []
    var book = LabelIndex()
    var journalEnd = 0
    var queues: [QueueName: RaterQueue] = [:]
    var storesSoon = false
  }

  private struct QueueName: Hashable {
    var plan: GradingPlan
    var pass: RaterPass
  }

  /// - Parameter repeated: the share of the answers that a second pass asks again.
  package init(_ url: URL, repeated: Double = 0.1) throws {
    run = try StoredRun(url)
    store = try RunStore(run)
    journal = LabelJournal(run.directory)
    self.repeated = repeated
    let writer = LabelWriter { [weak self] in try self?.commit($0) }
    self.writer.withLock { $0 = writer }
    try refresh()
  }

  /// Takes in what was recorded and labelled since.
  package func refresh() throws {
    try storing.sync { try store.buildRows(run) }
    let answers = try store.read { database in
      try Row.fetchAll(database, sql: "SELECT answer, dataset FROM answers").map {
        (key: $0["answer"] as String, dataset: $0["dataset"] as String)
      }
    }
    let isChanged = state.withLock { $0.answers.count != answers.count || $0.answers.map(\.key) != answers.map(\.key) }
    if isChanged {
      let known = Set(answers.map(\.key))
      state.withLock { ($0.answers, $0.known, $0.queues) = (answers, known, [:]) }
    }
    try readJournal()
  }

  private func readJournal() throws {
    let added = try journal.added(since: state.withLock { $0.journalEnd })
    state.withLock { state in
      for label in added.labels where state.book.add(label) {
        for name in state.queues.keys where name.pass.rater == label.rater {
          state.queues[name]?.note(label, state.book)
        }
      }
      state.journalEnd = added.end
    }
  }

  // MARK: Labels

  /// Stores labels, which `check` has let pass; each is stored once, however often it is sent. Returns once the disk has
  /// them.
  package func save(_ labels: [HandLabel]) async throws {
    guard let writer = writer.withLock({ $0 }) else { return }
    try await writer.save(labels)
  }

  /// Refuses labels of answers that never were in this run, and a rater too many.
  package func check(_ labels: [HandLabel]) throws {
    let (unknown, raters) = state.withLock { state in
      (
        labels.filter { !state.known.contains($0.answer) },
        state.book.raters.union(labels.map(\.rater)).count
      )
    }
    // An answer that a later run replaced can still be on a rater's screen.
    if let stranger = try unknown.first(where: { try !store.holds(answer: $0.answer) }) {
      throw TelltaleError(.badInput, "there is no answer \(SafeText.quoted(stranger.answer)) in this run")
    }
    guard raters <= Self.mostRaters else {
      throw TelltaleError(.badInput, "there are \(Self.mostRaters) raters already; grade under one of their names")
    }
  }

  /// On the writer's thread.
  private func commit(_ labels: [HandLabel]) throws {
    try journal.append { _ in
      try readJournal()
      return state.withLock { state in
        var fresh: Set<String> = []
        return labels.filter { !state.book.keys.contains($0.key) && fresh.insert($0.key).inserted }
      }
    }
    try readJournal()
    storeSoon()
  }

  private func storeSoon() {
    let isDue = state.withLock { state in
      defer { state.storesSoon = true }
      return !state.storesSoon
    }
    guard isDue else { return }
    // What fails here is made up for by the next label, page or command that opens the store.
    storing.async { try? self.storeJournal() }
  }

  private func storeJournal() throws {
    state.withLock { $0.storesSoon = false }
    try store.addJournal()
  }

  /// Returns once the store has every label of the journal.
  package func finishStoring() throws { try storing.sync { try storeJournal() } }

  // MARK: Turns

  /// The next answer without a label in the rater's order, from `position` on and then from the beginning.
  package func turn(_ pass: RaterPass, _ plan: GradingPlan, from position: Int = 0) throws -> GradingTurn {
    try turn(at: withQueue(pass, plan) { queue, book in Self.turn(queue.next(from: position), queue, book) })
  }

  /// The answer that the rater judged before `answer`, or the last one of all; nil if there is none.
  package func turn(_ pass: RaterPass, _ plan: GradingPlan, judgedBefore answer: String?) throws -> GradingTurn? {
    let found = withQueue(pass, plan) { queue, book -> (key: String?, turn: GradingTurn)? in
      var earlier = book.answer(pass, judgedBefore: answer)
      while let key = earlier, queue.place(of: key) == nil { earlier = book.answer(pass, judgedBefore: key) }
      return earlier.map { Self.turn(queue.place(of: $0), queue, book) }
    }
    return try found.map(turn(at:))
  }

  private func turn(at found: (key: String?, turn: GradingTurn)) throws -> GradingTurn {
    var turn = found.turn
    turn.item = try found.key.map(store.gradingItem)
    return turn
  }

  private static func turn(_ place: Int?, _ queue: RaterQueue, _ book: LabelIndex) -> (key: String?, turn: GradingTurn)
  {
    let key = place.map { queue.order[$0] }
    let pace = book.pace(queue.pass)
    let progress = GradingTurn.Progress(
      done: queue.total - queue.left, total: queue.total, perMinute: pace,
      minutesLeft: pace.map { Double(queue.left) / $0 })
    let given = key.flatMap { book.label(queue.pass, $0) }.map(GradingTurn.Given.init)
    return (key, GradingTurn(position: place, given: given, progress: progress))
  }

  /// The queue is made once and kept up to date by every label.
  private func withQueue<T>(_ pass: RaterPass, _ plan: GradingPlan, _ body: (RaterQueue, LabelIndex) -> T) -> T {
    state.withLock { state in
      let name = QueueName(plan: plan, pass: pass)
      if state.queues[name] == nil {
        if state.queues.count >= 4 * Self.mostRaters { state.queues = [:] }
        let order = GradingPlan.order(plan.sample(state.answers), pass, repeated: repeated)
        state.queues[name] = RaterQueue(order, pass, state.book)
      }
      guard let queue = state.queues[name] else { return body(RaterQueue([], pass, state.book), state.book) }
      return body(queue, state.book)
    }
  }
}
