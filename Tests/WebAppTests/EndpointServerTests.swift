import Endpoint
import Foundation
import LanguageModels
import Steering
import TestSupport
import Testing
import Torch

@testable import WebApp

/// The endpoint over a socket: who may ask, and how answers, refusals and streams arrive.
@Suite("The endpoint over HTTP") struct EndpointServerTests {
  /// Serves the tiny model while `body` runs, which may block: it has a separate thread.
  private static func serving(
    _ body: @escaping @Sendable (_ client: RawClient, _ bearer: [String: String], _ port: Int) throws -> Void
  ) async throws {
    let loaded = try LoadedModel(Fixtures.file("models/tiny-llama").path, dtype: .float32)
    let model = try ServedModel(
      loaded, template: loaded.tokenizer.chatTemplate(), context: 65_536, vectors: VectorShelf(for: loaded))
    var limits = Scheduler.Limits()
    limits.slots = 1
    var options = EndpointServer.Options()
    options.port = 0
    let server = try EndpointServer(EndpointService(model, limits), options)
    let (ready, continuation) = AsyncStream<(String, String)>.makeStream()
    let task = Task { try await server.run { continuation.yield(($0, $1)) } }
    var found = ("", "")
    for await address in ready {
      found = address
      break
    }
    let (base, token) = found
    #expect(base.hasPrefix("http://127.0.0.1:") && base.hasSuffix("/v1"))
    let port = URL(string: base)?.port ?? 0
    let outcome: Result<Void, any Error> = await RunningServer.onThread {
      try body(RawClient(port: port), ["Authorization": "Bearer \(token)", "Content-Type": "application/json"], port)
    }
    task.cancel()
    _ = await task.result
    try outcome.get()
  }

  private static func body(_ more: String = "", maxTokens: Int = 4) -> Data {
    Data(#"{"prompt": "I think", "max_tokens": \#(maxTokens), "temperature": 0\#(more)}"#.utf8)
  }

  @Test("Without the token, from another site or under another name nothing is answered")
  func security() async throws {
    try await Self.serving { client, bearer, port in
      for (method, path) in [
        ("GET", "/health"), ("GET", "/metrics"), ("GET", "/v1/models"), ("POST", "/v1/completions"),
        ("PUT", "/v1/telltale/vectors/v"), ("GET", "/nothing"),
      ] {
        let reply = try client.send(method, path)
        #expect(reply.status == 401 && reply.text.contains("authentication_error"), "\(path): \(reply.status)")
        #expect(reply.text.contains("telltale endpoint printed"))
      }
      let token = try #require(bearer["Authorization"]).dropFirst("Bearer ".count)
      #expect(try client.send("GET", "/v1/models?token=\(token)").status == 401)
      #expect(try client.send("GET", "/v1/models", ["Cookie": "telltale-\(port)=\(token)"]).status == 401)
      #expect(try client.send("GET", "/v1/models", bearer.merging(["Host": "evil.example"]) { $1 }).status == 403)
      let foreign = bearer.merging(["Origin": "http://evil.example"]) { $1 }
      #expect(try client.send("POST", "/v1/completions", foreign, body: Self.body()).status == 403)
      #expect(try client.send("GET", "/v1/models", bearer).status == 200)
    }
  }

  @Test("Completions, models, health and metrics are JSON and text that clients know")
  func answers() async throws {
    try await Self.serving { client, bearer, _ in
      let reply = try client.send("POST", "/v1/completions", bearer, body: Self.body())
      #expect(reply.status == 200 && reply.headers["content-type"]?.hasPrefix("application/json") == true)
      #expect(reply.text.contains(#""object":"text_completion""#) && reply.text.contains(#""completion_tokens":4"#))
      let models = try client.send("GET", "/v1/models", bearer)
      #expect(models.text.contains(#""id":"tiny-llama""#) && models.text.contains(#""object":"list""#))
      #expect(try client.send("GET", "/v1/models/tiny-llama", bearer).status == 200)
      #expect(try client.send("GET", "/v1/models/other", bearer).status == 404)
      #expect(try client.send("GET", "/health", bearer).text.contains(#""status":"ok""#))
      let metrics = try client.send("GET", "/metrics", bearer)
      #expect(metrics.text.contains("\ntelltale_generated_tokens_total 4\n"))
      #expect(metrics.headers["content-type"]?.hasPrefix("text/plain") == true)
    }
  }

  @Test("Refusals have OpenAI's form, whoever refuses")
  func refusals() async throws {
    struct Refusal: Decodable {
      struct Details: Decodable {
        var message: String
        var type: String
        var param: String?
        var code: String?
      }
      var error: Details
    }
    try await Self.serving { client, bearer, _ in
      func refusal(_ method: String, _ path: String, _ more: [String: String] = [:], _ body: Data = Data()) throws
        -> (Int, Refusal.Details)
      {
        let reply = try client.send(method, path, bearer.merging(more) { $1 }, body: body)
        return (reply.status, try reply.json(Refusal.self).error)
      }
      let unknown = try refusal("POST", "/v1/completions", [:], Self.body(#", "min_p": 1"#))
      #expect(unknown.0 == 400 && unknown.1.param == "min_p" && unknown.1.code == "unknown_parameter")
      #expect(try refusal("POST", "/v1/completions", [:], Data("{".utf8)).0 == 400)
      #expect(try refusal("GET", "/v1/completions").0 == 405)
      #expect(try refusal("POST", "/v1/embeddings").0 == 404)
      #expect(try refusal("POST", "/v1/completions", ["Content-Encoding": "gzip"], Self.body()).0 == 415)
      // Refused by its length, before any of it is read.
      let large = try client.send("POST", "/v1/completions", bearer.merging(["Content-Length": "\(9 << 20)"]) { $1 })
      #expect(large.status == 413 && large.headers["connection"] == "close")
    }
  }

  @Test("A stream arrives as events, and a client that hangs up ends its work")
  func streams() async throws {
    try await Self.serving { client, bearer, port in
      let head = bearer.map { "\($0.key): \($0.value)\r\n" }.joined()
      func request(_ maxTokens: Int, stream: Bool = true) -> String {
        let body = String(
          decoding: Self.body(#", "ignore_eos": true, "stream": \#(stream)"#, maxTokens: maxTokens), as: UTF8.self)
        return
          "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      }
      let whole = try client.readToEnd(request(4))
      #expect(whole.contains("200 OK") && whole.contains("text/event-stream"))
      #expect(whole.components(separatedBy: "data: {").count >= 3 && whole.contains("data: [DONE]\n\n"))
      do {
        let leaving = try RawClient(port: port)
        try leaving.begin(request(65_000))
        try Self.wait(client, bearer, for: "telltale_sequences_active 1")
        withExtendedLifetime(leaving) {}
      }
      try Self.wait(client, bearer, for: "telltale_requests_cancelled_total 1")
      // One that waits for the whole answer, too.
      do {
        let leaving = try RawClient(port: port)
        try leaving.begin(request(65_000, stream: false))
        try Self.wait(client, bearer, for: "telltale_sequences_active 1")
        withExtendedLifetime(leaving) {}
      }
      try Self.wait(client, bearer, for: "telltale_requests_cancelled_total 2")
    }
  }

  private static func wait(_ client: RawClient, _ bearer: [String: String], for line: String) throws {
    let patience = Date(timeIntervalSinceNow: 120)
    while Date() < patience {
      if try client.send("GET", "/metrics", bearer).text.contains("\n\(line)\n") { return }
      usleep(5_000)
    }
    Issue.record("the metrics never said \(line)")
  }

  @Test("Vectors are added, used, listed and removed while it runs")
  func vectors() async throws {
    let folder = try ScratchFolder()
    let golden = try SafetensorsFile(Fixtures.file("models/tiny-llama/golden.safetensors"))
    let vector = try golden.tensor("steer.vector").floats()
    let file = folder.url.appending(path: "v.safetensors")
    try SteeringVectors(layers: [2: vector], provenance: .init()).write(to: file)
    let bytes = try Data(contentsOf: file)
    try await Self.serving { client, bearer, _ in
      let path = "/v1/telltale/vectors/kind-1"
      let edit = Self.body(#", "telltale": {"edits": [{"operation": "add", "vector": "kind-1"}]}"#)
      #expect(try client.send("POST", "/v1/completions", bearer, body: edit).status == 404)
      let put = try client.send("PUT", path, bearer, body: bytes)
      #expect(put.status == 200 && put.text.contains(#""layers":[2]"#), "\(put.text)")
      #expect(try client.send("GET", "/v1/telltale/vectors", bearer).text.contains("kind-1"))
      let edited = try client.send("POST", "/v1/completions", bearer, body: edit)
      #expect(edited.status == 200 && edited.text.contains(#""operation":"add""#), "\(edited.text)")
      #expect(try client.send("DELETE", path, bearer).status == 200)
      #expect(try client.send("DELETE", path, bearer).status == 404)
      #expect(try client.send("GET", path, bearer).status == 404)
      for (name, body, status) in [
        ("v", Data("no vector".utf8), 400), ("v", bytes.dropLast(9), 400), ("a%20b", bytes, 400),
        ("..%2Fv", bytes, 400), (String(repeating: "v", count: 65), bytes, 400),
      ] {
        let reply = try client.send("PUT", "/v1/telltale/vectors/\(name)", bearer, body: body)
        #expect(reply.status == status && !reply.text.contains("/tmp"), "\(name): \(reply.text)")
      }
    }
  }
}
