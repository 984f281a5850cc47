import Experiments
import Foundation
import Hummingbird

/// What handlers answer with.
enum Reply {
  static func page(_ page: Page, status: HTTPResponse.Status = .ok) -> Response {
    response(page.html.markup, type: "text/html; charset=utf-8", status: status)
  }

  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    return response(text, type: "application/json; charset=utf-8", status: status)
  }

  /// A file to save.
  static func csv(_ text: String, name: String) -> Response {
    var reply = response(text, type: "text/csv; charset=utf-8")
    reply.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
    return reply
  }

  static func response(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// The last on its connection.
  static func closing(_ response: Response) -> Response {
    var response = response
    response.headers[.connection] = "close"
    return response
  }

  /// What is answered to HEAD.
  static func withoutBody(_ response: Response) -> Response {
    var bare = response
    bare.body = ResponseBody(contentLength: response.body.contentLength) { try await $0.finish(nil) }
    return bare
  }

  static func redirect(_ path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }

  /// One sentence, as a page for people and as JSON for scripts.
  static func problem(_ sentence: String, _ status: HTTPResponse.Status, for request: Request) -> Response {
    struct Problem: Encodable { var error: String }
    let wantsPage = request.method == .get && (request.headers[.accept] ?? "").contains("text/html")
    if !wantsPage, let reply = try? json(Problem(error: sentence), status: status) { return reply }
    return page(
      Page(title: "Not possible", body: "<h1>Not possible</h1><p>\(sentence)</p><p><a href=\"/\">To the runs</a></p>"),
      status: status)
  }
}

/// A sentence with its status.
struct RequestError: Error {
  var status: HTTPResponse.Status
  var sentence: String

  init(_ status: HTTPResponse.Status, _ sentence: String) { (self.status, self.sentence) = (status, sentence) }

  static let notFound = RequestError(.notFound, "There is nothing here.")
}

/// Runs work that blocks (files, the database, computation) off the threads that serve requests.
func offThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { told in
    DispatchQueue.global(qos: .userInitiated).async { told.resume(with: Result { try body() }) }
  }
}

/// The name of a header.
typealias HeaderName = HTTPFields.Element.Name
