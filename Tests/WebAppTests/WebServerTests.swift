import Foundation
import TestSupport
import Testing
import WebApp

@Suite("The server answers only to its own pages and whoever has the token")
struct WebServerTests {
  private let run: GradedRun
  init() throws { run = try GradedRun(count: 4) }

  private func withServer(_ body: @escaping @Sendable (RunningServer, RawClient) throws -> Void) async throws {
    try await RunningServer.serving(run.url, body)
  }

  @Test("Without the token nothing is served")
  func withoutTheTokenNothingIsServed() async throws {
    try await withServer { server, client in
      for path in ["/", "/runs/run", "/runs/run/grade", "/runs.json", "/assets/style.css", "/nothing"] {
        let reply = try client.send("GET", path)
        #expect(reply.status == 401, "\(path)")
        #expect(!reply.text.contains("made"))
      }
      #expect(try client.send("GET", "/", ["Authorization": "Bearer \(server.token.dropLast())x"]).status == 401)
      #expect(try client.send("GET", "/?token=\(server.token.dropFirst())").status == 403)
      #expect(try client.send("GET", "/", ["Cookie": "telltale-\(server.port)=guess"]).status == 403)
      #expect(try client.send("GET", "/", server.bearer).status == 200)
    }
  }

  @Test("The token of the address becomes a cookie that scripts cannot read")
  func theTokenOfTheAddressBecomesACookieThatScriptsCannotRead() async throws {
    try await withServer { server, client in
      let reply = try client.send("GET", "/runs/run/grade?token=\(server.token)")
      #expect(reply.status == 303 && reply.headers["location"] == "/runs/run/grade")
      let cookie = try #require(reply.headers["set-cookie"])
      #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"))
      let pair = String(try #require(cookie.split(separator: ";").first))
      #expect(try client.send("GET", "/", ["Cookie": pair]).status == 200)
      #expect(server.token.utf8.count >= 22)
    }
  }

  @Test("A foreign host is refused")
  func aForeignHostIsRefused() async throws {
    try await withServer { server, client in
      for host in [
        "evil.example", "evil.example:\(server.port)", "127.0.0.1:1", "127.0.0.1",
        "localhost.evil.example:\(server.port)", "",
      ] {
        let reply = try client.send("GET", "/", server.bearer.merging(["Host": host]) { $1 })
        #expect(reply.status == 403 || reply.status == 400, "\(host)")
      }
      #expect(
        try client.send("GET", "/", server.bearer.merging(["Host": "localhost:\(server.port)"]) { $1 }).status == 200)
    }
  }

  @Test("A foreign origin is refused")
  func aForeignOriginIsRefused() async throws {
    try await withServer { server, client in
      let cookie = ["Cookie": "telltale-\(server.port)=\(server.token)", "Content-Type": "application/json"]
      let path = "/runs/run/grading/labels?rater=ann"
      for foreign in [
        ["Origin": "http://evil.example"], ["Origin": "null"], ["Origin": "http://127.0.0.1:1"],
        ["Origin": "https://127.0.0.1:\(server.port)"], ["Sec-Fetch-Site": "cross-site"],
        ["Sec-Fetch-Site": "same-site"], [:],
      ] {
        let reply = try client.send("POST", path, cookie.merging(foreign) { $1 }, body: Data("{}".utf8))
        #expect(reply.status == 403, "\(foreign)")
      }
      #expect(
        try client.send("GET", "/", server.browser.merging(["Origin": "http://evil.example"]) { $1 }).status == 403)
      let own = try client.send(
        "POST", path, server.browser.merging(["Content-Type": "application/json"]) { $1 }, body: Data("{}".utf8))
      #expect(own.status == 400)
    }
    #expect(try run.journal.isEmpty)
  }

  @Test("No path leads out of the run")
  func noPathLeadsOutOfTheRun() async throws {
    try Data("secret".utf8).write(to: run.folder.url.appending(path: "outside.txt"))
    try FileManager.default.createSymbolicLink(
      at: run.url.appending(path: "report.html"), withDestinationURL: run.folder.url.appending(path: "outside.txt"))
    try await withServer { server, client in
      for path in [
        "/../outside.txt", "/runs/../outside.txt", "/runs/run/../../outside.txt", "/runs/%2e%2e/outside.txt",
        "/runs/run/%2E%2E/x", "/runs/..%2foutside.txt", "/runs/run%2f..%2f..%2foutside.txt", "/runs/..%5coutside.txt",
        "/runs/run%00", "//evil.example/", "/runs/./run", "/assets/../style.css", "/runs/%zz",
      ] {
        let reply = try client.send("GET", path, server.bearer)
        #expect(reply.status == 400 && !reply.text.contains("secret"), "\(path)")
      }
      for path in [
        "/runs/other", "/runs/run/report", "/runs/run/experiment.yaml", "/runs/\(String(repeating: "a", count: 300))",
      ] {
        let reply = try client.send("GET", path, server.bearer)
        #expect(reply.status == 404 && !reply.text.contains("secret"), "\(path)")
      }
    }
  }

  @Test("A linked folder is no run")
  func aLinkedFolderIsNoRun() async throws {
    let outside = try GradedRun(count: 1, in: "outside")
    try FileManager.default.createSymbolicLink(
      at: run.folder.url.appending(path: "linked"), withDestinationURL: outside.url)
    try await RunningServer.serving(run.folder.url) { server, client in
      let found = try client.send("GET", "/runs.json", server.bearer).text
      #expect(found.contains(#""name":"run""#) && !found.contains("linked"))
      #expect(try client.send("GET", "/runs/linked", server.bearer).status == 404)
    }
  }

  @Test("Every answer carries the security headers")
  func everyAnswerCarriesTheSecurityHeaders() async throws {
    try await withServer { server, client in
      for (path, headers) in [
        ("/", server.bearer), ("/nothing", server.bearer), ("/", [:]), ("/runs/%2e%2e", [:]),
        ("/assets/grade.js", server.bearer),
      ] {
        let found = try client.send("GET", path, headers).headers
        let policy = try #require(found["content-security-policy"])
        #expect(
          policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe"))
        #expect(found["x-content-type-options"] == "nosniff" && found["referrer-policy"] == "no-referrer")
        #expect(found["cache-control"] == "no-store")
      }
    }
  }

  @Test("A report runs in an origin of its own")
  func aReportRunsInAnOriginOfItsOwn() async throws {
    try Data("<html><script>1</script></html>".utf8).write(to: run.url.appending(path: "report.html"))
    try await withServer { server, client in
      let reply = try client.send("GET", "/runs/run/report", server.bearer)
      let policy = try #require(reply.headers["content-security-policy"])
      #expect(reply.status == 200 && policy.contains("sandbox allow-scripts") && !policy.contains("allow-same-origin"))
      #expect(policy.contains("default-src 'none'") && reply.text.contains("<script>"))
    }
  }

  @Test("A report is made where the tables are newer")
  func aReportIsMadeWhereTheTablesAreNewer() async throws {
    let judged = try GradedRun(predictable: 48)
    let page = judged.url.appending(path: "report.html")
    try await RunningServer.serving(judged.folder.url) { server, client in
      #expect(try client.send("GET", "/runs/run", server.bearer).text.contains("/runs/run/report"))
      let reply = try client.send("GET", "/runs/run/report", server.bearer)
      #expect(reply.status == 200 && reply.text.contains("<title>") && reply.text.contains("secret-model"))
      try Data("kept".utf8).write(to: page)
      #expect(try client.send("GET", "/runs/run/report", server.bearer).text == "kept")
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: page.path)
      #expect(try client.send("GET", "/runs/run/report", server.bearer).text.contains("secret-model"))
    }
  }

  @Test("What is too large is refused")
  func whatIsTooLargeIsRefused() async throws {
    try await withServer { server, client in
      let large =
        Data(#"{"key":"aaaaaaaaaa","answer":"a","label":1,"note":""#.utf8) + Data(repeating: 65, count: 70_000)
        + Data(#""}"#.utf8)
      let headers = server.browser.merging(["Content-Type": "application/json"]) { $1 }
      let reply = try client.send("POST", "/runs/run/grading/labels?rater=ann", headers, body: large)
      #expect(reply.status == 413)
    }
    #expect(throws: (any Error).self) { try AccessToken("short") }
    #expect(throws: (any Error).self) { try AccessToken(String(repeating: "a b", count: 10)) }
  }
}
