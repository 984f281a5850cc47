import Foundation
import Foundations
import Hummingbird
import NIOHTTP1
import Torch

/// The first and last to see a request: refuses it or passes it on, and puts the security headers on every answer.
struct Front<Inner: HTTPResponder>: HTTPResponder {
  typealias Context = Inner.Context
  let guardian: RequestGuard
  let methods: KnownMethods
  let problems: any ProblemForm
  let inner: Inner

  func respond(to request: Request, context: Context) async throws -> Response {
    var response = try await answer(request, context)
    for (name, value) in SecurityHeaders.all where !response.headers.contains(name) { response.headers[name] = value }
    return request.method == .head ? Reply.withoutBody(response) : response
  }

  private func answer(_ request: Request, _ context: Context) async throws -> Response {
    switch guardian.admission(request) {
    // What else comes on a connection of nobody's is not read.
    case .refused(let status, let sentence): return Reply.closing(problems.response(sentence, status, for: request))
    case .welcome(let path): return welcome(path)
    case .admitted: break
    }
    if let allowed = methods.others(than: request.method, at: request.uri.path) {
      var response = Reply.closing(
        problems.response("This address answers \(allowed).", .methodNotAllowed, for: request))
      response.headers[.allow] = allowed
      return response
    }
    do {
      let response = try await inner.respond(to: asGet(request), context: context)
      return spoken(response, request)
    } catch let error as HTTPParserError {
      throw error  // the body breaks the rules of HTTP, which Hummingbird answers with 400
    } catch {
      return problem(error, request)
    }
  }

  /// The same with a sentence, where the router answered without one.
  private func spoken(_ response: Response, _ request: Request) -> Response {
    let isMute = response.body.contentLength == 0
    switch response.status {
    case .contentTooLarge: return isMute ? tooLarge(request) : Reply.closing(response)
    case .notFound where isMute: return problems.response(RequestError.notFound.sentence, .notFound, for: request)
    default: return response
    }
  }

  /// HEAD is answered as GET, without the body.
  private func asGet(_ request: Request) -> Request {
    guard request.method == .head else { return request }
    var head = request.head
    head.method = .get
    return Request(head: head, body: request.body)
  }

  private func welcome(_ path: String) -> Response {
    var response = Reply.redirect(path)
    response.headers[.setCookie] =
      "\(guardian.address.cookieName)=\(guardian.token.text); Path=/; HttpOnly; SameSite=Strict"
    return response
  }

  /// The rest of what was sent is not for this server.
  private func tooLarge(_ request: Request) -> Response {
    Reply.closing(problems.response("What was sent is too large.", .contentTooLarge, for: request))
  }

  private func problem(_ error: any Error, _ request: Request) -> Response {
    if let error = error as? RequestError { return problems.response(error.sentence, error.status, for: request) }
    if let error = error as? TelltaleError {
      return problems.response(
        SafeText.sentence(error.description), error.isBadInput ? .badRequest : .internalServerError, for: request)
    }
    if let error = error as? any HTTPResponseError {
      guard error.status == .contentTooLarge else {
        return problems.response(
          error.status == .notFound ? RequestError.notFound.sentence : "The request is not valid.", error.status,
          for: request)
      }
      return tooLarge(request)
    }
    return problems.response(SafeText.sentence("This failed: \(error)"), .internalServerError, for: request)
  }
}

/// What browsers are told on every answer.
enum SecurityHeaders {
  /// Pages hold no inline script or style and load nothing from elsewhere.
  static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  /// A report is a file of the run directory with its own scripts inside: it runs in a separate origin, without
  /// network, cookies or a way to the other pages.
  static let reportPolicy = [
    "sandbox allow-scripts allow-downloads allow-modals allow-popups", "default-src 'none'",
    "script-src 'unsafe-inline'", "style-src 'unsafe-inline'", "img-src data: blob:", "font-src data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  static let all: [(HeaderName, String)] = [
    ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
  ].compactMap { name, value in HeaderName(name).map { ($0, value) } }
}
