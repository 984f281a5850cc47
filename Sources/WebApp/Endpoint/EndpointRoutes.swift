import Endpoint
import Foundation
import Hummingbird

/// Where the endpoint answers what.
struct EndpointRoutes {
  let service: EndpointService

  func add(to router: Router<BasicRequestContext>) {
    let service = service
    router.get("/health") { _, _ in try Self.json { try service.health() } }
    router.get("/metrics") { _, _ in
      Reply.response(service.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
    router.get("/v1/models") { _, _ in try Self.json { try service.models() } }
    router.get("/v1/models/{name}") { _, context in
      let name = try context.parameters.require("name")
      return try Self.json { try service.model(name) }
    }
    router.post("/v1/chat/completions") { request, _ in try await Self.answer(request) { try service.chat($0) } }
    router.post("/v1/completions") { request, _ in try await Self.answer(request) { try service.completion($0) } }
    addVectors(to: router)
  }

  private func addVectors(to router: Router<BasicRequestContext>) {
    let service = service
    router.get("/v1/telltale/vectors") { _, _ in try Self.json { try service.vectors() } }
    router.get("/v1/telltale/vectors/{name}") { _, context in
      let name = try context.parameters.require("name")
      return try Self.json { try service.vector(name) }
    }
    router.put("/v1/telltale/vectors/{name}") { request, context in
      let name = try context.parameters.require("name")
      return try await Self.reporting {
        let bytes = try await Self.body(request.body, of: request, atMost: VectorShelf.largestFile)
        let text = try await offThread { try service.put(name, bytes) }
        return Self.response(text)
      }
    }
    router.delete("/v1/telltale/vectors/{name}") { _, context in
      let name = try context.parameters.require("name")
      return try Self.json { try service.remove(name) }
    }
  }

  // MARK: Answers

  private static func response(_ json: String) -> Response {
    Reply.response(json, type: "application/json; charset=utf-8")
  }

  private static func json(_ body: () throws -> String) throws -> Response {
    do { return response(try body()) } catch let error as EndpointError { return EndpointProblems.response(error) }
  }

  /// Errors of the API in its form; others are the server's.
  private static func reporting(_ body: () async throws -> Response) async throws -> Response {
    do { return try await body() } catch let error as EndpointError { return EndpointProblems.response(error) }
  }

  private static func body(_ body: RequestBody, of request: Request, atMost limit: Int) async throws -> [UInt8] {
    guard request.isPlain else { throw EndpointError(415, "a body is sent as it is, not compressed") }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw EndpointError(413, "the body is larger than \(limit >> 20) MiB")
    }
    return Array(buffer: try await body.collect(upTo: limit))
  }

  /// A completion: whole, or as a stream of events. A client that hangs up ends the work.
  private static func answer(
    _ request: Request, _ begin: @escaping @Sendable ([UInt8]) throws -> PendingAnswer
  ) async throws -> Response {
    // Whether a client hung up is seen by reading on, so that no other request can follow on its connection.
    let response = try await reporting {
      let pending: (answer: PendingAnswer, json: String?) = try await request.body
        .consumeWithCancellationOnInboundClose { body in
          let bytes = try await Self.body(body, of: request, atMost: EndpointService.largestBody)
          // Templates and tokenizers take their time with long prompts.
          let answer = try await offThread { try begin(bytes) }
          return (answer, answer.streams ? nil : try await answer.json())
        }
      return pending.json.map(Self.response) ?? stream(pending.answer)
    }
    return Reply.closing(response)
  }

  private static func stream(_ answer: PendingAnswer) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"],
      body: ResponseBody { writer in
        try await answer.write { try await writer.write(ByteBuffer(string: $0)) }
        try await writer.finish(nil)
      })
  }
}
