import Foundation
import Foundations
import Torch

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// An OpenAI-compatible chat-completions endpoint. Its key is sent to it and appears nowhere else.
package struct JudgeEndpoint: Sendable {
  package let model: String
  package let temperature: Double
  private let url: URL
  private let key: String?
  private let timeout: Double
  private let client = BoundedHTTP()

  /// Longer responses are cut off.
  static let largestResponse = 1 << 20

  /// - Parameters:
  ///   - url: up to and with `/v1`, or the whole path of the chat completions.
  ///   - key: nil where the endpoint needs none.
  ///   - timeout: seconds that one request may take.
  /// - Throws: `TelltaleError` for a text that is not a URL, or that would send a key unencrypted over a network.
  package init(url: String, model: String, key: String?, temperature: Double = 0, timeout: Double = 120) throws {
    func refuse(_ message: String) -> TelltaleError {
      TelltaleError(.badInput, "the address of the judge \(message)", remedy: .chooseEndpoint)
    }
    guard var parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
      ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
    else { throw refuse("is no address of an endpoint; give one such as https://api.openai.com/v1") }
    guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil else {
      throw refuse("holds more than an address; a key is given in an environment variable")
    }
    let isLocal = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host.lowercased())
    if scheme == "http", key != nil, !isLocal {
      throw refuse("would send the key unencrypted; use https, or unset the key's variable if none is needed")
    }
    if !parts.path.hasSuffix("/chat/completions") {
      parts.path = parts.path.trimmingSuffix("/") + "/chat/completions"
    }
    guard let whole = parts.url else { throw refuse("is no address of an endpoint") }
    guard key?.unicodeScalars.allSatisfy({ (0x21..<0x7F).contains($0.value) }) ?? true else {
      throw TelltaleError(.badInput, "the key is no key: it holds spaces or other characters that none has")
    }
    (self.url, self.model, self.key, self.temperature, self.timeout) = (whole, model, key, temperature, timeout)
  }

  /// Without the key.
  var address: String { url.absoluteString }

  /// What came of one request.
  enum Outcome: Sendable {
    case reply(JudgeReply)
    /// A reply without an answer; asking again may give one.
    case malformed(String)
    /// Busy, failing or not reached: to be asked again, where it said so after some seconds.
    case unavailable(String, retryAfter: Double?)
    /// It will not answer this however often it is asked.
    case refused(String, TelltaleError.Remedy?)
  }

  private struct Body: Encodable {
    struct Message: Encodable {
      var role: String
      var content: String
    }
    var model: String
    var temperature: Double
    var messages: [Message]
  }

  /// Sends one request and waits for it.
  func ask(_ question: JudgeQuestion) throws -> Outcome {
    var request = URLRequest(url: url, timeoutInterval: timeout)
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    request.httpBody = try encoder.encode(
      Body(
        model: model, temperature: temperature,
        messages: [
          .init(role: "system", content: question.system), .init(role: "user", content: question.user),
        ]))
    switch client.send(request, largest: Self.largestResponse, timeout: timeout) {
    case .failed(let reason): return .unavailable(reason, retryAfter: nil)
    case .tooLarge: return .malformed("the response was longer than 1 MiB")
    case .response(let status, let retryAfter, let body):
      return Self.outcome(status, retryAfter.flatMap { RetryAfter.seconds($0) }, body, question.labels, hiding: key)
    }
  }

  /// The body of an error is never repeated: some endpoints put the key into it.
  private static func outcome(
    _ status: Int, _ retryAfter: Double?, _ body: Data, _ labels: Set<Int>, hiding key: String?
  ) -> Outcome {
    switch status {
    case 200..<300:
      do throws(JudgeReply.Malformed) { return .reply(try JudgeReply(body: body, labels: labels, hiding: key)) } catch {
        return .malformed(error.reason)
      }
    case 408, 425, 429, 500...: return .unavailable("answered \(status)", retryAfter: retryAfter)
    case 300..<400:
      return .refused("answered \(status), a redirect, which is not followed; give the final URL", .chooseEndpoint)
    case 401, 403:
      return .refused("answered \(status): it does not accept the key; check the variable that holds it", .giveKey)
    case 404: return .refused("answered 404: check the address and the model", .chooseEndpoint)
    case 400:
      return .refused("answered 400: check the model; if it takes no temperature of 0, give 1", .chooseJudgedModel)
    default: return .refused("answered \(status); check the address and the model", .chooseEndpoint)
    }
  }
}

/// The header Retry-After: seconds, or a date.
enum RetryAfter {
  /// A year: nobody waits longer, and what is longer is still a number of seconds that can be said.
  private static let longest = 366 * 86_400.0

  static func seconds(_ text: String, now: Date = Date()) -> Double? {
    let number = text.trimmingCharacters(in: .whitespaces)
    // Neither "inf" and "nan" nor hexadecimal digits are numbers of seconds.
    if number.first?.isNumber == true, !number.lowercased().hasPrefix("0x"), let seconds = Double(number) {
      return seconds >= 0 ? min(seconds, longest) : nil
    }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return format.date(from: text).map { min(max(0, $0.timeIntervalSince(now)), longest) }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: Character) -> String {
    var text = self[...]
    while text.last == suffix { text = text.dropLast() }
    return String(text)
  }
}
