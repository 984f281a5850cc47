import Foundation
import Hummingbird

/// Who may ask: whoever has the token, through the address that the server is bound to, from its own pages.
struct RequestGuard: Sendable {
  let token: AccessToken
  let address: ServerAddress
  /// The command that printed address and token, for messages.
  let program: String
  /// Whether browsers may come with the token in the address, which becomes a cookie; else only programs with a header.
  var takesCookies = true
  private static let longestPath = 4_000

  enum Admission {
    case admitted
    /// The address carried the token: the browser gets it as a cookie and the address without it.
    case welcome(path: String)
    case refused(HTTPResponse.Status, String)
  }

  func admission(_ request: Request) -> Admission {
    guard Self.isPlainPath(request.head.path ?? "") else {
      return .refused(.badRequest, "The address is not one of this server's.")
    }
    // The first Host is the authority; a second one is still among the headers.
    guard HeaderName("Host").flatMap({ request.headers[$0] }) == nil else {
      return .refused(.badRequest, "A request names one Host.")
    }
    guard address.isOwn(host: request.head.authority ?? "") else {
      return .refused(.forbidden, "This server answers only to the address that \(program) printed.")
    }
    let isBearer = bearer(request).map(token.isEqual(to:)) ?? false
    if let refusal = foreign(request, isBearer: isBearer) { return .refused(.forbidden, refusal) }
    if isBearer { return .admitted }
    guard takesCookies else { return .refused(.unauthorized, missingToken) }
    if request.method == .get, let given = Query(request)["token"] {
      guard token.isEqual(to: given) else { return .refused(.forbidden, "The token is not this server's.") }
      return .welcome(path: request.uri.path.hasPrefix("/runs/") ? request.uri.path : "/")
    }
    guard let cookie = request.cookies[address.cookieName]?.value else {
      return .refused(.unauthorized, missingToken)
    }
    return token.isEqual(to: cookie)
      ? .admitted : .refused(.forbidden, "The token is not this server's; open the address it printed.")
  }

  private var missingToken: String {
    takesCookies
      ? "Open the address that \(program) printed, token included."
      : "Send the token that \(program) printed, as Authorization: Bearer TOKEN."
  }

  private func bearer(_ request: Request) -> Substring? {
    guard let header = request.headers[.authorization], header.hasPrefix("Bearer ") else { return nil }
    return header.dropFirst("Bearer ".count)
  }

  /// Why a request does not come from a page of this server; nil where it does.
  private func foreign(_ request: Request, isBearer: Bool) -> String? {
    let refusal = "The request comes from another site."
    let origin = request.headers[.origin]
    if let origin, !address.isOwn(origin: origin) { return refusal }
    let site = HeaderName("Sec-Fetch-Site").flatMap { request.headers[$0] }
    let mode = HeaderName("Sec-Fetch-Mode").flatMap { request.headers[$0] }
    if let site, !["same-origin", "none"].contains(site), mode != "navigate" || request.method != .get {
      return refusal
    }
    let isChange = request.method != .get && request.method != .head
    // Browsers say where a change comes from; programs have the token in a header, which no other site can send.
    return takesCookies && isChange && !isBearer && origin == nil && site != "same-origin" ? refusal : nil
  }

  /// No step of the path goes up or hides a separator or a control character.
  static func isPlainPath(_ target: String) -> Bool {
    guard target.hasPrefix("/"), !target.hasPrefix("//"), target.utf8.count <= longestPath else { return false }
    let path = target.prefix { $0 != "?" && $0 != "#" }
    return path.split(separator: "/").allSatisfy { part in
      guard let step = String(part).removingPercentEncoding else { return false }
      let isPlain = step.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" && $0 != "\\" }
      return isPlain && step != "." && step != ".."
    }
  }
}
