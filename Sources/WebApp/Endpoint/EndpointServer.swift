import Endpoint
import Foundation
import Foundations
import Hummingbird

/// `telltale endpoint`: an OpenAI-compatible server of one model.
package struct EndpointServer: Sendable {
  package struct Options: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// 0 for any free port; nil for 8000 or, where that is taken, any free port.
    package var port: Int?
    package var token = AccessToken()

    package init() {}
  }

  private static let usualPort = 8000

  private let service: EndpointService
  private let options: Options
  private let address: ServerAddress

  /// - Throws: `TelltaleError` for a host that means every address.
  package init(_ service: EndpointService, _ options: Options) throws {
    (self.service, self.options) = (service, options)
    address = ServerAddress(host: options.host)
    try address.requireOne()
  }

  /// Serves until the process is asked to end (SIGINT, SIGTERM) or the task is cancelled.
  ///
  /// - Parameter onReady: called with the base address of the API and the token, once it can be asked.
  package func run(onReady: @escaping @Sendable (_ base: String, _ token: String) -> Void) async throws {
    defer { service.end() }
    let (address, token) = (address, options.token)
    var guardian = RequestGuard(token: token, address: address, program: "telltale endpoint")
    guardian.takesCookies = false
    let router = Router()
    EndpointRoutes(service: service).add(to: router)
    let http = HTTPService(address: address, guardian: guardian, problems: EndpointProblems(), router: router)
    try await http.run(port: options.port, usual: Self.usualPort) { onReady("\(address.url)/v1", token.text) }
  }
}

/// Refusals in the form of OpenAI's API.
struct EndpointProblems: ProblemForm {
  func response(_ sentence: String, _ status: HTTPResponse.Status, for request: Request) -> Response {
    let kind = status == .unauthorized ? "authentication_error" : "invalid_request_error"
    return Self.response(EndpointError(status.code, sentence, kind: status.code >= 500 ? "server_error" : kind))
  }

  static func response(_ error: EndpointError) -> Response {
    var response = Reply.response(
      error.json, type: "application/json; charset=utf-8", status: .init(code: error.status))
    if let seconds = error.retryAfter { response.headers[.retryAfter] = "\(seconds)" }
    // Clients of OpenAI ask again by themselves after some errors; after a deadline that would only add to the work.
    if error.status == 504, let name = HeaderName("x-should-retry") { response.headers[name] = "false" }
    return response
  }
}
