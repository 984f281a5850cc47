import Foundation
import Foundations
import Hummingbird
import Torch

/// The first and last to see a request: refuses it or passes it on, and puts the security headers on every answer.
struct Front<Inner: HTTPResponder>: HTTPResponder {
  typealias Context = Inner.Context
  let guardian: RequestGuard
  let inner: Inner

  func respond(to request: Request, context: Context) async throws -> Response {
    var response = await answer(request, context)
    for (name, value) in SecurityHeaders.all where !response.headers.contains(name) { response.headers[name] = value }
    return response
  }

  private func answer(_ request: Request, _ context: Context) async -> Response {
    switch guardian.admission(request) {
    case .refused(let status, let sentence): return Reply.problem(sentence, status, for: request)
    case .welcome(let path): return welcome(path)
    case .admitted: break
    }
    do { return try await inner.respond(to: request, context: context) } catch {
      return problem(error, request)
    }
  }

  private func welcome(_ path: String) -> Response {
    var response = Reply.redirect(path)
    response.headers[.setCookie] =
      "\(guardian.address.cookieName)=\(guardian.token.text); Path=/; HttpOnly; SameSite=Strict"
    return response
  }

  private func problem(_ error: any Error, _ request: Request) -> Response {
    if let error = error as? RequestError { return Reply.problem(error.sentence, error.status, for: request) }
    if let error = error as? TelltaleError {
      return Reply.problem(
        error.description, error.isBadInput ? .badRequest : .internalServerError, for: request)
    }
    if let error = error as? any HTTPResponseError {
      let sentence = error.status == .contentTooLarge ? "What was sent is too large." : "The request is not valid."
      return Reply.problem(sentence, error.status, for: request)
    }
    return Reply.problem("This failed: \(error)", .internalServerError, for: request)
  }
}

/// What browsers are told on every answer.
enum SecurityHeaders {
  /// Pages hold no inline script or style and load nothing from elsewhere.
  static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  /// A report is a file of the run directory with its own scripts inside: it runs in an origin of its own, without
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
