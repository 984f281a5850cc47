import Dispatch
import Foundation
import Synchronization

/// Takes requests, bounded in number and time, and has one thread decode them together.
package final class Scheduler: Sendable {
  package struct Limits: Sendable {
    /// Sequences that are decoded together.
    package var slots = 8
    /// Requests that wait for a slot; more are refused.
    package var queue = 64
    /// Seconds from a request's arrival to its last token.
    package var timeout = 600.0

    package init() {}
  }

  /// What clients and the thread share.
  struct Inbox {
    var arrived: [Job] = []
    /// Requests whose client is gone.
    var cancelled: Set<Int> = []
    /// Requests of which a sequence waits for a slot.
    var waiting = 0
    var active = 0
    var isEnding = false
    var metrics = EndpointMetrics()
    /// Seconds that the latest requests took, for `Retry-After`.
    var durations: [Double] = []
    fileprivate var nextID = 0
  }

  /// A request on its way to the thread.
  struct Job: Sendable {
    var id: Int
    var task: GenerationTask
    var arrival: ContinuousClock.Instant
    var deadline: ContinuousClock.Instant
    var told: AsyncThrowingStream<AnswerEvent, any Error>.Continuation
  }

  private let shared: SharedInbox
  private let limits: Limits

  package init(_ model: ServedModel, _ limits: Limits) throws {
    self.limits = limits
    shared = SharedInbox()
    let worker = try ModelWorker(model, slots: limits.slots, shared)
    let thread = Thread { worker.run() }
    thread.name = "telltale-model"
    // Deep JSON and templates are read elsewhere; a forward pass wants the usual main thread's stack.
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Puts a request into the queue. What is told of it ends with an error or `done`; whoever stops listening ends it.
  ///
  /// - Throws: 429 where the queue is full.
  func submit(_ task: GenerationTask) throws(EndpointError) -> AsyncThrowingStream<AnswerEvent, any Error> {
    let (stream, told) = AsyncThrowingStream<AnswerEvent, any Error>.makeStream()
    let now = ContinuousClock.now
    let admission: Result<Int, EndpointError> = shared.inbox.withLock { inbox in
      if inbox.isEnding { return .failure(.ended) }
      guard inbox.waiting < limits.queue else {
        inbox.metrics.add(to: .rejected)
        return .failure(.busy(waiting: inbox.waiting, retryAfter: retryAfter(inbox)))
      }
      let id = inbox.nextID
      inbox.nextID += 1
      inbox.waiting += 1
      inbox.metrics.add(to: .requests)
      inbox.arrived.append(
        Job(id: id, task: task, arrival: now, deadline: now + .seconds(limits.timeout), told: told))
      return .success(id)
    }
    let id = try admission.get()
    let shared = shared
    told.onTermination = { end in
      guard case .cancelled = end else { return }
      _ = shared.inbox.withLock { $0.cancelled.insert(id) }
      shared.wake.signal()
    }
    shared.wake.signal()
    return stream
  }

  /// As long as the waiting requests may take, by the latest ones.
  private func retryAfter(_ inbox: borrowing Inbox) -> Int {
    guard !inbox.durations.isEmpty else { return 1 }
    let mean = inbox.durations.reduce(0, +) / Double(inbox.durations.count)
    return min(120, max(1, Int((mean * Double(inbox.waiting) / Double(limits.slots)).rounded(.up))))
  }

  func metricsText() -> String {
    shared.inbox.withLock { $0.metrics.text(waiting: $0.waiting, active: $0.active, slots: limits.slots) }
  }

  /// Ends the thread; requests that are not answered yet fail.
  package func end() {
    shared.inbox.withLock { $0.isEnding = true }
    shared.wake.signal()
  }
}

/// The inbox, and what the thread waits for where there is nothing to do.
final class SharedInbox: Sendable {
  let inbox = Mutex(Scheduler.Inbox())
  let wake = DispatchSemaphore(value: 0)
}
