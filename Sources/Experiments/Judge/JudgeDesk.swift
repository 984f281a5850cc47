import Foundation
import Foundations
import Synchronization
import Torch

/// The workers of a judge: each takes the next task, asks what has no reply yet, and stores replies and labels before it
/// continues. The first of them that has to give up stops all.
final class JudgeDesk: Sendable {
  /// Requests for one question whose replies cannot be read.
  private static let malformedAttempts = 3
  /// No wait that an endpoint asks for is longer.
  private static let longestWait = 600.0
  private static let longestBackoff = 60.0

  private struct State {
    var next = 0
    var done = 0
    var requests = 0
    var replies: [String: JudgeJournal.Entry]
    /// Questions that somebody is asking.
    var asking: Set<String> = []
    var stored: Set<String>
    var failure: (any Error)?
  }

  private let tasks: [JudgeTask]
  private let endpoint: JudgeEndpoint
  private let options: JudgeRun.Options
  private let store: RunStore
  private let journal: JudgeJournal
  private let pace: JudgePace
  private let onProgress: @Sendable (Int, Int) -> Void
  private let state: Mutex<State>
  /// Questions that had a reply from before.
  let cached: Int

  init(
    _ tasks: [JudgeTask], _ endpoint: JudgeEndpoint, _ options: JudgeRun.Options, _ store: RunStore,
    _ onProgress: @escaping @Sendable (Int, Int) -> Void
  ) throws {
    (self.tasks, self.endpoint, self.options, self.store) = (tasks, endpoint, options, store)
    self.onProgress = onProgress
    journal = JudgeJournal(store.directory, judge: options.name)
    pace = JudgePace(perMinute: options.perMinute)
    let replies = try journal.read()
    let stored = Set(try LabelJournal(store.directory).read().map(\.key))
    state = Mutex(State(replies: replies, stored: stored))
    cached = tasks.filter { $0.skip == nil }.flatMap(\.questions).count { replies[Self.key($0, endpoint)] != nil }
  }

  var requests: Int { state.withLock { $0.requests } }

  /// Nil where no reply could be read.
  func replies(to task: JudgeTask) -> [JudgeReply?] {
    guard task.skip == nil else { return task.questions.map { _ in nil } }
    return task.questions.map { question in
      state.withLock { $0.replies[Self.key(question, endpoint)]?.reply }
    }
  }

  private static func key(_ question: JudgeQuestion, _ endpoint: JudgeEndpoint) -> String {
    question.key(model: endpoint.model, temperature: endpoint.temperature)
  }

  /// Works off all tasks.
  func work() throws {
    let workers = DispatchGroup()
    for _ in 0..<min(options.parallel, max(1, tasks.count)) {
      workers.enter()
      // Threads, not the pool: they wait for the network.
      Thread.detachNewThread { [self] in
        while let task = next() { attempt(task) }
        workers.leave()
      }
    }
    workers.wait()
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func next() -> JudgeTask? {
    state.withLock {
      guard $0.failure == nil, $0.next < tasks.count else { return nil }
      $0.next += 1
      return tasks[$0.next - 1]
    }
  }

  private func attempt(_ task: JudgeTask) {
    do {
      if task.skip == nil { for question in task.questions { try answer(question) } }
      guard state.withLock({ $0.failure == nil }) else { return }
      try storeLabels(task)
      let done = state.withLock {
        $0.done += 1
        return $0.done
      }
      onProgress(done, tasks.count)
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
      pace.stop()
    }
  }

  private func storeLabels(_ task: JudgeTask) throws {
    let labels = task.labels(replies(to: task), by: options.name, options.rubric)
    let missing = state.withLock { state in labels.filter { state.stored.insert($0.key).inserted } }
    if !missing.isEmpty { try store.append(missing) }
  }

  // MARK: Asking

  /// Sees to it that a question has a reply, from before, from another worker who asks the same, or from the endpoint.
  private func answer(_ question: JudgeQuestion) throws {
    let key = Self.key(question, endpoint)
    while true {
      let (isKnown, isMine) = state.withLock { state in
        let isKnown = state.replies[key] != nil
        return (isKnown, !isKnown && state.asking.insert(key).inserted)
      }
      if isKnown { return }
      if isMine { break }
      guard pace.sleep(0.05) else { return }
    }
    defer { state.withLock { _ = $0.asking.remove(key) } }
    guard let entry = try ask(question, key) else { return }
    try state.withLock {
      try journal.append(entry)
      $0.replies[key] = entry
    }
  }

  /// Nil where work was stopped meanwhile.
  private func ask(_ question: JudgeQuestion, _ key: String) throws -> JudgeJournal.Entry? {
    var unavailable = 0
    var malformed = 0
    while true {
      guard pace.turn() else { return nil }
      state.withLock { $0.requests += 1 }
      switch try endpoint.ask(question) {
      case .reply(let reply):
        return JudgeJournal.Entry(key: key, reply: reply, time: RunStore.timestamp())
      case .malformed(let reason):
        malformed += 1
        if malformed >= Self.malformedAttempts {
          return JudgeJournal.Entry(key: key, malformed: reason, time: RunStore.timestamp())
        }
      case .refused(let reason, let remedy):
        throw TelltaleError(.badInput, "the judge at \(endpoint.address) \(reason)", remedy: remedy)
      case .unavailable(let reason, let retryAfter):
        unavailable += 1
        guard unavailable < options.attempts, (retryAfter ?? 0) <= Self.longestWait else {
          throw givingUp(reason, after: unavailable, retryAfter)
        }
        guard waitBefore(attempt: unavailable + 1, retryAfter) else { return nil }
      }
    }
  }

  /// What the endpoint asks for holds for all workers; else twice as long after each attempt, with some chance so that
  /// workers do not come back together.
  private func waitBefore(attempt: Int, _ retryAfter: Double?) -> Bool {
    if let retryAfter {
      pace.pause(retryAfter)
      return true
    }
    let backoff = options.backoff * Double(1 << min(attempt - 2, 16))
    return pace.sleep(min(backoff, Self.longestBackoff) * Double.random(in: 0.75...1.25))
  }

  private func givingUp(_ reason: String, after attempts: Int, _ retryAfter: Double?) -> TelltaleError {
    let wait =
      retryAfter.map { $0 > Self.longestWait ? " and asks to be left alone for \(Int(saturating: $0)) s" : "" } ?? ""
    let stored = state.withLock { $0.replies.count }
    return TelltaleError(
      .failed,
      "the judge at \(endpoint.address) \(reason)\(wait), \(attempts) time\(attempts == 1 ? "" : "s") in a row; "
        + "\(stored) replies are stored, and the same command continues from there")
  }
}
