import Foundations

/// A request in the queue: its answer as one object, or as a stream of events.
package struct PendingAnswer: Sendable {
  /// Whether events were asked for.
  package let streams: Bool
  let form: AnswerForm
  let task: GenerationTask
  let includesUsage: Bool
  let told: AsyncThrowingStream<AnswerEvent, any Error>

  private var promptTokens: Int { task.prompts.reduce(0) { $0 + $1.count } }

  /// The whole answer as JSON, once it is there.
  package func json() async throws -> String {
    var pieces: [Int: AnswerPiece] = [:]
    var ends: [Int: FinishedAnswer] = [:]
    var proofs: [EditProof] = []
    for try await event in told {
      switch event {
      case .piece(let answer, let piece): pieces[answer] = (pieces[answer] ?? AnswerPiece()) + piece
      case .finished(let answer, let end): ends[answer] = end
      case .done(let edits): proofs = edits
      }
    }
    // A request that was cancelled ends its stream without a word.
    guard ends.count == task.sequenceCount else { throw CancellationError() }
    let choices = ends.sorted { $0.key < $1.key }.map { form.choice($0.key, pieces[$0.key] ?? AnswerPiece(), $0.value) }
    return try WireJSON.text(form.object(choices, usage: NullIfAbsent(wrappedValue: usage(ends)), proofs: proofs))
  }

  /// The events of a stream, up to and with `[DONE]`. What goes wrong once it has begun is an event too.
  package func write(_ send: (String) async throws -> Void) async throws {
    do {
      if form.kind == .chat {
        for answer in 0..<task.sequenceCount { try await send(event([form.opening(answer)])) }
      }
      try await writeAnswers(send)
    } catch is CancellationError { throw CancellationError() } catch let error as EndpointError {
      try await send(WireJSON.event(error.json))
    }
    try await send(WireJSON.lastEvent)
  }

  private func writeAnswers(_ send: (String) async throws -> Void) async throws {
    var ends: [Int: FinishedAnswer] = [:]
    // The chunk that ends the last answer carries what the edits did, which is known once all are done.
    var last: AnswerForm.Choice?
    for try await event in told {
      switch event {
      case .piece(let answer, let piece): try await send(self.event([form.chunk(answer, piece)]))
      case .finished(let answer, let end):
        ends[answer] = end
        let choice = form.ending(answer, end)
        if ends.count < task.sequenceCount { try await send(self.event([choice])) } else { last = choice }
      case .done(let proofs): if let choice = last { try await send(self.event([choice], proofs: proofs)) }
      }
    }
    guard ends.count == task.sequenceCount else { throw CancellationError() }
    guard includesUsage else { return }
    let object = form.object([], usage: NullIfAbsent(wrappedValue: usage(ends)), isChunk: true)
    try await send(WireJSON.event(WireJSON.text(object)))
  }

  private func event(_ choices: [AnswerForm.Choice], proofs: [EditProof] = []) throws -> String {
    let object = form.object(
      choices, usage: includesUsage ? NullIfAbsent(wrappedValue: nil) : nil, proofs: proofs, isChunk: true)
    return WireJSON.event(try WireJSON.text(object))
  }

  private func usage(_ ends: [Int: FinishedAnswer]) -> AnswerForm.Usage {
    .init(promptTokens: promptTokens, completionTokens: ends.values.reduce(0) { $0 + $1.tokens })
  }
}
