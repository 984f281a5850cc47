import Foundation
import TestSupport
import Testing

@testable import WebApp

@Suite("Requests that break the rules are answered, and keep nobody else from being served")
struct HostileRequestTests {
  private let run: GradedRun
  init() throws { run = try GradedRun(count: 4) }

  private func withServer(_ body: @escaping @Sendable (RunningServer, RawClient) throws -> Void) async throws {
    try await RunningServer.serving(run.url, body)
  }

  @Test("Half-sent requests of nobody do not take the places of others")
  func halfSent() async throws {
    try await withServer { server, client in
      let slow = try (0..<300).map { _ in
        let client = try server.client()
        try client.begin("GET / HTTP/1.1\r\nHost: 127.0.0.1")
        return client
      }
      for _ in 0..<5 {
        let reply = try server.client().send("GET", "/runs.json", server.bearer)
        #expect(reply.status == 200)
      }
      withExtendedLifetime(slow) {}
    }
  }

  @Test("HEAD is answered as GET, without a body")
  func head() async throws {
    try await withServer { server, client in
      for path in ["/", "/runs.json", "/assets/style.css", "/runs/run/labels.csv"] {
        let get = try client.send("GET", path, server.bearer)
        let head = try client.send("HEAD", path, server.bearer)
        #expect(
          head.status == 200 && get.status == 200 && head.headers["content-length"] == get.headers["content-length"])
        #expect(head.headers["content-type"] == get.headers["content-type"])
      }
      #expect(try client.send("HEAD", "/nothing", server.bearer).status == 404)
      #expect(try client.send("HEAD", "/").status == 401)
    }
  }

  @Test("Another method than an address answers is refused with those that it does")
  func methods() async throws {
    try await withServer { server, client in
      for (method, path, allowed) in [
        ("DELETE", "/runs/run", "GET, HEAD"), ("POST", "/runs.json", "GET, HEAD"),
        ("PUT", "/runs/run/labels.csv", "GET, HEAD, POST"),
        ("GET", "/runs/run/adjudications", "POST"), ("OPTIONS", "/", "GET, HEAD"),
      ] {
        let reply = try client.send(method, path, server.bearer)
        #expect(reply.status == 405 && reply.headers["allow"] == allowed, "\(method) \(path): \(reply.status)")
      }
      #expect(try client.send("DELETE", "/nothing", server.bearer).status == 404)
      let stranger = try client.send("DELETE", "/runs/run")
      #expect(stranger.status != 405)
    }
  }

  @Test("Two Hosts are refused")
  func hosts() async throws {
    try await withServer { server, client in
      let host = "127.0.0.1:\(server.port)"
      for second in [host, "evil.example"] {
        let request =
          "GET /runs.json HTTP/1.1\r\nHost: \(host)\r\nHost: \(second)\r\nAuthorization: Bearer \(server.token)\r\n\r\n"
        let reply = try client.send(raw: Data(request.utf8))
        #expect(reply.status == 400)
      }
    }
  }

  @Test("A body whose chunks break the rules, is too long, or is compressed")
  func bodies() async throws {
    try await withServer { server, client in
      let start =
        "POST /runs/run/grading/labels?rater=ann HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
        + "Authorization: Bearer \(server.token)\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      for chunk in ["FFFFFFFFFFFFFFFF1\r\n{}", "10000000000000000\r\n{}", "-1\r\n", "zz\r\n{}\r\n"] {
        let reply = try client.send(raw: Data((start + chunk).utf8))
        #expect(reply.status == 400, "\(chunk.prefix(20))")
      }
      let long = try client.send(
        "POST", "/runs/run/grading/labels?rater=ann",
        server.bearer.merging(["Content-Type": "application/json"]) { $1 },
        body: Data(repeating: 65, count: 100_000))
      #expect(long.status == 413 && long.headers["connection"] == "close")
      let packed = try client.send(
        "POST", "/runs/run/grading/labels?rater=ann",
        server.bearer.merging(["Content-Type": "application/json", "Content-Encoding": "gzip"]) { $1 },
        body: Data("{}".utf8))
      #expect(packed.status == 415)
      #expect(try client.send("GET", "/runs.json", server.bearer).status == 200)
    }
  }

  @Test("A NUL in a note is refused before it is stored")
  func nul() async throws {
    try await withServer { server, client in
      let turn = try client.send("GET", "/runs/run/grading/turn?rater=ann", server.bearer).json(Turn.self)
      let answer = try #require(turn.item).answer
      for note in [#""x\u0000y""#, #""\ud800""#] {
        let body = Data(#"{"key":"abcdefgh-1","answer":"\#(answer)","label":1,"note":\#(note)}"#.utf8)
        let reply = try client.send(
          "POST", "/runs/run/grading/labels?rater=ann",
          server.bearer.merging(["Content-Type": "application/json"]) { $1 }, body: body)
        #expect(reply.status == 400, "\(note): \(reply.text)")
      }
    }
    #expect(try run.journal.isEmpty)
  }

  @Test(
    "No spelling of every address is listened on",
    arguments: ["0", "0.0.0.0", "0x0", "00.0", "::", "::0", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0", "::ffff:0:0", "*", ""])
  func everyAddress(_ host: String) {
    var options = WebServer.Options()
    options.host = host
    #expect(throws: (any Error).self) { try WebServer(run.url, options) }
    #expect(ServerAddress(host: host).isEveryAddress)
  }

  @Test("One address is, however it is spelt", arguments: ["127.0.0.1", "127.1", "::1", "localhost"])
  func oneAddress(_ host: String) {
    let address = ServerAddress(host: host)
    address.bind(port: 80)
    #expect(!address.isEveryAddress && address.isLoopback && address.isOwn(host: "127.0.0.1:80"))
  }
}
