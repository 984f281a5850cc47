import Foundation
import WebApp

/// A real server on a free port of this machine.
struct RunningServer: Sendable {
  let url: String
  let token: String
  let port: Int
  private let task: Task<Void, any Error>

  init(_ folder: URL, unblind: Bool = false, repeated: Double = 0.1) async throws {
    var options = WebServer.Options()
    (options.port, options.unblind, options.repeated) = (0, unblind, repeated)
    let server = try WebServer(folder, options)
    let (ready, continuation) = AsyncStream<String>.makeStream()
    task = Task { try await server.run { continuation.yield($0) } }
    var found = ""
    for await url in ready {
      found = url
      break
    }
    url = found
    token = String(found.split(separator: "=").last ?? "")
    port = URL(string: found)?.port ?? 0
  }

  /// Serves a folder while `body` runs, which may block: it has a thread of its own.
  static func serving<T: Sendable>(
    _ folder: URL, unblind: Bool = false, repeated: Double = 0.1,
    _ body: @escaping @Sendable (RunningServer, RawClient) throws -> T
  ) async throws -> T {
    let server = try await RunningServer(folder, unblind: unblind, repeated: repeated)
    let outcome: Result<T, any Error> = await onThread { try body(server, server.client()) }
    await server.stop()
    return try outcome.get()
  }

  /// Tests and server share few threads, which nothing that waits for an answer may hold.
  static func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async -> Result<T, any Error> {
    await withCheckedContinuation { told in
      Thread.detachNewThread { told.resume(returning: Result { try body() }) }
    }
  }

  func client() throws -> RawClient { try RawClient(port: port) }

  /// What a program sends along.
  var bearer: [String: String] { ["Authorization": "Bearer \(token)"] }

  /// What a page of the server sends along.
  var browser: [String: String] {
    ["Cookie": "telltale-\(port)=\(token)", "Origin": "http://127.0.0.1:\(port)", "Sec-Fetch-Site": "same-origin"]
  }

  /// Ends it and waits until what was labelled is stored.
  func stop() async {
    task.cancel()
    _ = await task.result
  }
}

/// What the grading page gets.
struct Turn: Decodable {
  struct Item: Decodable {
    var answer: String
    var question: String
    var prompt: String
    var continuation: String
    var correct: [String]
    var incorrect: [String]
  }

  struct Given: Decodable {
    var label: Int?
    var note: String?
  }

  struct Progress: Decodable {
    var done: Int
    var total: Int
  }

  var position: Int?
  var item: Item?
  var given: Given?
  var progress: Progress
}

/// What the grading page sends.
struct PostedLabel: Encodable {
  var key = UUID().uuidString.lowercased()
  var answer: String
  var label: Int?
  var note: String?
}
