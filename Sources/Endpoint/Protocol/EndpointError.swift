import Foundations

/// A refusal or failure as OpenAI's API states it.
package struct EndpointError: Error, Sendable, Equatable {
  /// Of HTTP.
  package var status: Int
  /// `invalid_request_error`, `server_error`, `rate_limit_error` ...
  package var kind: String
  package var code: String?
  /// One sentence.
  package var message: String
  /// The parameter that is to blame, such as `messages[0].content`.
  package var parameter: String?
  /// Seconds after which asking again makes sense.
  package var retryAfter: Int?

  package init(
    _ status: Int, _ message: String, kind: String = "invalid_request_error", code: String? = nil,
    parameter: String? = nil, retryAfter: Int? = nil
  ) {
    (self.status, self.message, self.kind, self.code) = (status, message, kind, code)
    (self.parameter, self.retryAfter) = (parameter, retryAfter)
  }

  /// A parameter that is not what it must be.
  static func parameter(_ name: String, _ expected: String, code: String = "invalid_value") -> EndpointError {
    EndpointError(400, "\(SafeText.quoted(name)) must be \(expected)", code: code, parameter: name)
  }

  /// What went wrong below, as a client can read it.
  package init(_ error: any Error) {
    switch error {
    case let known as EndpointError: self = known
    case let known as TelltaleError where known.isBadInput:
      self.init(400, SafeText.sentence(known.description), code: "bad_input")
    case let known as TelltaleError:
      self.init(500, SafeText.sentence(known.description), kind: "server_error", code: "\(known.code)")
    default: self.init(500, SafeText.sentence("This failed: \(error)"), kind: "server_error")
    }
  }

  static let timeout = EndpointError(
    504, "the request did not end within the server's time for one (--timeout); ask for fewer tokens",
    kind: "timeout_error", code: "timeout")
  static let ended = EndpointError(503, "the server is ending", kind: "server_error", code: "shutting_down")

  static func busy(waiting: Int, retryAfter: Int) -> EndpointError {
    EndpointError(
      429, "\(waiting) requests are waiting, which is all that the queue holds; ask again in \(retryAfter) s",
      kind: "rate_limit_error", code: "queue_full", retryAfter: retryAfter)
  }

  // MARK: The body

  private struct Body: Encodable {
    struct Details: Encodable {
      var message: String
      var type: String
      @NullIfAbsent var param: String?
      @NullIfAbsent var code: String?
    }
    var error: Details
  }

  /// `{"error": {"message", "type", "param", "code"}}`
  package var json: String {
    let body = Body(error: .init(message: message, type: kind, param: parameter, code: code))
    return (try? WireJSON.text(body)) ?? #"{"error": {"message": "failed", "type": "server_error"}}"#
  }
}
