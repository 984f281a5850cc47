import Foundation
import Foundations
import LanguageModels

/// The thread's side of the scheduler: the batch, and the requests whose sequences are in it or wait for it.
///
/// Its state belongs to the thread alone once `run` is called.
final class ModelWorker: @unchecked Sendable {
  /// Tokens of the prompts that one pass reads together, so that others do not wait long for their next token.
  private static let tokensOfPass = 2048
  /// Requests whose duration `Retry-After` goes by.
  private static let durationsKept = 32

  private let model: ServedModel
  private let batch: ContinuousBatch
  private let shared: SharedInbox
  private var requests: [Int: RunningRequest] = [:]
  /// Requests with sequences that wait for a slot: one sequence of each in turn, so that a request with many does not keep
  /// others from being served.
  private var queue: [Int] = []
  /// The request and the answer of each sequence in the batch.
  private var places: [Int: (request: Int, answer: Int)] = [:]
  private var nextSequence = 0

  private struct RunningRequest {
    let job: Scheduler.Job
    var started = 0
    var finished = 0
    var answers: [Int: RunningAnswer] = [:]
    var report: EditReport?

    var isQueued: Bool { started < job.task.sequenceCount }
  }

  init(_ model: ServedModel, slots: Int, _ shared: SharedInbox) throws {
    (self.model, self.shared) = (model, shared)
    batch = try ContinuousBatch(model.loaded.model, slots: slots, capacity: model.context)
  }

  /// Until the scheduler ends.
  func run() {
    while takeWhatArrived() {
      endOverdue()
      guard !requests.isEmpty else {
        shared.wake.wait()
        continue
      }
      do {
        try deliver(admit())
        try deliver(batch.step())
        let count = batch.activeCount
        shared.inbox.withLock { inbox in
          inbox.active = count
          inbox.metrics.add(to: .steps)
        }
      } catch { failAll(error) }
    }
    for id in Array(requests.keys) { end(id, throwing: EndpointError.ended, counted: .failed) }
  }

  /// False at the end.
  private func takeWhatArrived() -> Bool {
    let (arrived, cancelled, isEnding) = shared.inbox.withLock { inbox in
      defer { (inbox.arrived, inbox.cancelled) = ([], []) }
      return (inbox.arrived, inbox.cancelled, inbox.isEnding)
    }
    for job in arrived {
      requests[job.id] = RunningRequest(job: job)
      queue.append(job.id)
    }
    for id in cancelled { end(id, throwing: CancellationError(), counted: .cancelled) }
    return !isEnding
  }

  private func endOverdue() {
    let now = ContinuousClock.now
    for (id, request) in requests where request.job.deadline < now {
      end(id, throwing: EndpointError.timeout, counted: .timedOut)
    }
  }

  // MARK: Admission

  /// Reads the prompts of waiting sequences, as many as there are slots and as one pass may hold.
  private func admit() throws -> [ContinuousBatch.Told] {
    var admitted: [(id: Int, request: DecodingRequest)] = []
    var tokens = 0
    while let id = queue.first, let request = requests[id], admitted.count < batch.freeSlots {
      let job = request.job
      let own = job.task.request(request.started, monitor: model.monitor)
      guard admitted.isEmpty || tokens + own.prompt.count <= Self.tokensOfPass else { break }
      tokens += own.prompt.count
      admitted.append((begin(request.started, of: id), own))
      queue.removeFirst()
      if requests[id]?.isQueued == true { queue.append(id) } else { shared.inbox.withLock { $0.waiting -= 1 } }
    }
    shared.inbox.withLock { $0.metrics.add(tokens, to: .promptTokens) }
    return try batch.admit(admitted)
  }

  /// Takes an answer among those that are worked on; returns the number of its sequence.
  private func begin(_ number: Int, of id: Int) -> Int {
    let sequence = nextSequence
    nextSequence += 1
    guard var request = requests[id] else { return sequence }
    var answer = RunningAnswer(number, of: request.job.task, model.loaded.tokenizer, monitor: model.monitor)
    tell(answer.begin(), of: number, request)
    request.answers[number] = answer
    request.started += 1
    requests[id] = request
    places[sequence] = (id, number)
    return sequence
  }

  // MARK: What the batch tells

  private func deliver(_ told: [ContinuousBatch.Told]) throws {
    for (sequence, event) in told {
      guard let place = places[sequence], var answer = requests[place.request]?.answers[place.answer],
        let request = requests[place.request]
      else { continue }
      switch event {
      case .prompt(let tokens): tell(answer.scored(tokens), of: place.answer, request)
      case .promptEnd(let streams): try answer.readEnd(streams)
      case .streams(let streams): try answer.read(streams)
      case .token(let token): if !answer.isStopped { tell(answer.append(token), of: place.answer, request) }
      case .failed(let error):
        end(place.request, throwing: EndpointError(error), counted: .failed)
        continue
      case .end(let reason, let report):
        places[sequence] = nil
        finish(answer, reason, report, of: place.request)
        continue
      }
      requests[place.request]?.answers[place.answer] = answer
      guard answer.isStopped, !answer.awaitsStream, let report = try batch.remove(sequence) else { continue }
      places[sequence] = nil
      finish(answer, nil, report, of: place.request)
    }
  }

  private func tell(_ piece: AnswerPiece, of answer: Int, _ request: RunningRequest) {
    if !piece.isEmpty { request.job.told.yield(.piece(answer: answer, piece)) }
  }

  /// - Parameter reason: nil where a stop string ended it.
  private func finish(
    _ answer: RunningAnswer, _ reason: Generation.End?, _ report: EditReport, of id: Int
  ) {
    guard var request = requests[id] else { return }
    var answer = answer
    tell(answer.finishText(), of: answer.number, request)
    let finished = answer.finished(reason)
    request.job.told.yield(.finished(answer: answer.number, finished))
    request.answers[answer.number] = nil
    request.finished += 1
    if request.report == nil { request.report = report } else { request.report?.merge(report) }
    requests[id] = request
    let edited = report.entries.reduce(0) { $0 + $1.positions }
    shared.inbox.withLock { inbox in
      inbox.metrics.add(finished.tokens, to: .generatedTokens)
      inbox.metrics.add(edited, to: .editedPositions)
      if finished.monitor?.flagged == true { inbox.metrics.add(to: .flaggedPrompts) }
    }
    if request.finished == request.job.task.sequenceCount { complete(request) }
  }

  /// All answers are there: the proof of the edits, or a refusal where one touched nothing.
  private func complete(_ request: RunningRequest) {
    let edits = request.job.task.edits
    do {
      try request.report?.requireEffect()
      let proofs = zip(edits, request.report?.entries ?? []).map { EditProof($0.vector, $1) }
      request.job.told.yield(.done(proofs))
      end(request.job.id, throwing: nil, counted: .finished)
    } catch {
      var refusal = EndpointError(error)
      (refusal.code, refusal.parameter) = ("edit_without_effect", "telltale.edits")
      end(request.job.id, throwing: refusal, counted: .failed)
    }
  }

  // MARK: Ends

  private func end(_ id: Int, throwing error: (any Error)?, counted counter: EndpointMetrics.Counter) {
    guard let request = requests.removeValue(forKey: id) else { return }
    queue.removeAll { $0 == id }
    for (sequence, place) in places where place.request == id {
      places[sequence] = nil
      do { try batch.remove(sequence) } catch { failAll(error) }
    }
    let seconds = (ContinuousClock.now - request.job.arrival) / .seconds(1)
    shared.inbox.withLock { inbox in
      if request.isQueued { inbox.waiting -= 1 }
      inbox.metrics.add(to: counter)
      if counter == .finished { inbox.durations = (inbox.durations + [seconds]).suffix(Self.durationsKept) }
    }
    request.job.told.finish(throwing: error)
  }

  /// A pass that did not come to its end leaves no sequence that could go on.
  private func failAll(_ error: any Error) {
    places = [:]
    // Slots are given up even where memory for it is lacking: their number is all that matters.
    try? batch.removeAll()
    for (id, request) in requests where request.started > 0 {
      end(id, throwing: EndpointError(error), counted: .failed)
    }
  }
}
