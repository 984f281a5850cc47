import Foundation
import Foundations
import LanguageModels

/// What the endpoint answers, without HTTP: bodies in, JSON out.
package struct EndpointService: Sendable {
  /// Bytes of a request for a completion.
  package static let largestBody = 8 << 20

  private let model: ServedModel
  private let scheduler: Scheduler
  private let started = Int(Date().timeIntervalSince1970)

  package init(_ model: ServedModel, _ limits: Scheduler.Limits) throws {
    self.model = model
    scheduler = try Scheduler(model, limits)
  }

  /// Fails what is not answered yet.
  package func end() { scheduler.end() }

  // MARK: Completions

  /// `POST /v1/chat/completions`
  package func chat(_ body: [UInt8]) throws -> PendingAnswer {
    let request = try ChatCompletionBody(body)
    try check(request.common.model)
    let prompt = try model.tokens(request.messages)
    var task = GenerationTask(
      prompts: [prompt], maxTokens: [try model.room(after: prompt, wanted: request.maxTokens)])
    task.alternatives = request.logprobs
    return try submit(task, request.common, .chat)
  }

  /// `POST /v1/completions`
  package func completion(_ body: [UInt8]) throws -> PendingAnswer {
    let request = try CompletionBody(body)
    try check(request.common.model)
    var prompts: [[Int]] = []
    for prompt in request.prompts { prompts.append(try model.tokens(prompt)) }
    let room = try prompts.map { try model.room(after: $0, wanted: request.maxTokens) }
    var task = GenerationTask(prompts: prompts, maxTokens: room)
    (task.alternatives, task.echoes, task.continuesText) = (request.logprobs, request.echo, true)
    return try submit(task, request.common, .text)
  }

  private func submit(
    _ task: GenerationTask, _ common: CommonParameters, _ kind: AnswerForm.Kind
  ) throws -> PendingAnswer {
    var task = task
    (task.choices, task.stops) = (common.choices, common.stops)
    task.stopTokens = common.ignoresEnd ? [] : model.loaded.stopTokens
    task.sampling = try common.sampling()
    task.edits = try common.telltale.edits.flatMap { try $0.resolved(model.vectors) }
    task.scores = try common.telltale.scores.flatMap { try $0.resolved(model.vectors) }
    do { try model.loaded.model.check(task.edits.map(\.edit)) } catch {
      throw EndpointError(error).about("telltale.edits")
    }
    return PendingAnswer(
      streams: common.streams, form: AnswerForm(kind, model, tellsLogprobs: task.alternatives != nil), task: task,
      includesUsage: common.includesUsage, told: try scheduler.submit(task))
  }

  /// An answer of another model than was meant would be worse than none.
  private func check(_ name: String?) throws(EndpointError) {
    guard let name, name != model.name else { return }
    throw EndpointError(
      404, "there is no model \"\(SafeText.quoted(name))\" here; this is \(model.name)", code: "model_not_found",
      parameter: "model")
  }

  // MARK: What there is

  private struct Listing<Item: Encodable>: Encodable {
    let object = "list"
    var data: [Item]
    private enum CodingKeys: CodingKey { case object, data }
  }

  private struct ModelEntry: Encodable {
    var id: String
    let object = "model"
    var created: Int
    let ownedBy = "telltale"
    var telltale: Details
    private enum CodingKeys: CodingKey { case id, object, created, ownedBy, telltale }

    struct Details: Encodable {
      var layers: Int
      var hidden: Int
      var context: Int
      var arithmetic: String
      var fingerprint: String
      @NullIfAbsent var monitor: String?
      var vectors: [String]
    }
  }

  private var entry: ModelEntry {
    let own = model.loaded.model
    return ModelEntry(
      id: model.name, created: started,
      telltale: .init(
        layers: own.configuration.layerCount, hidden: own.configuration.hiddenSize, context: model.context,
        arithmetic: own.arithmetic, fingerprint: model.loaded.fingerprint, monitor: model.monitor?.card.name,
        vectors: model.vectors.entries.map(\.name)))
  }

  /// `GET /v1/models`
  package func models() throws -> String { try WireJSON.text(Listing(data: [entry])) }

  /// `GET /v1/models/NAME`
  package func model(_ name: String) throws -> String {
    try check(name)
    return try WireJSON.text(entry)
  }

  private struct Health: Encodable {
    let status = "ok"
    var model: String
    var telltale = Version.current
    private enum CodingKeys: CodingKey { case status, model, telltale }
  }

  /// `GET /health`
  package func health() throws -> String { try WireJSON.text(Health(model: model.name)) }

  /// `GET /metrics`
  package func metrics() -> String { scheduler.metricsText() }

  // MARK: Vectors

  /// `GET /v1/telltale/vectors`
  package func vectors() throws -> String { try WireJSON.text(Listing(data: model.vectors.entries)) }

  /// `GET /v1/telltale/vectors/NAME`
  package func vector(_ name: String) throws -> String { try WireJSON.text(model.vectors.entry(name)) }

  /// `PUT /v1/telltale/vectors/NAME` with a safetensors file.
  package func put(_ name: String, _ file: [UInt8]) throws -> String {
    try WireJSON.text(model.vectors.put(name, file: file))
  }

  private struct Removed: Encodable {
    var name: String
    let deleted = true
    private enum CodingKeys: CodingKey { case name, deleted }
  }

  /// `DELETE /v1/telltale/vectors/NAME`
  package func remove(_ name: String) throws -> String {
    try model.vectors.remove(name)
    return try WireJSON.text(Removed(name: name))
  }
}
