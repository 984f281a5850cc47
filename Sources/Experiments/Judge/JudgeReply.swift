import Foundation

/// What a judge answered, read from the body of a chat completion.
struct JudgeReply: Codable, Sendable, Equatable {
  /// Nil where the judge cannot tell.
  var label: Int?
  var reason: String

  /// Why a body is no reply.
  struct Malformed: Error, Equatable {
    var reason: String
  }

  private static let longestContent = 64 << 10
  private static let longestReason = 1_000

  private struct Completion: Decodable {
    struct Choice: Decodable {
      struct Message: Decodable { var content: String? }
      var message: Message
    }
    var choices: [Choice]
  }

  /// - Parameters:
  ///   - body: of a chat completion.
  ///   - labels: those that the judge may give besides null.
  ///   - key: what the endpoint was given and may repeat; it is not stored.
  init(body: Data, labels: Set<Int>, hiding key: String? = nil) throws(Malformed) {
    guard let completion = try? JSONDecoder().decode(Completion.self, from: body) else {
      throw Malformed(reason: "the response is no chat completion")
    }
    guard let content = completion.choices.first?.message.content else {
      throw Malformed(reason: "the response holds no text")
    }
    try self.init(content: content, labels: labels, hiding: key)
  }

  /// One JSON object, alone or in a fenced block, with a label and, where the judge gives one, a reason.
  init(content: String, labels: Set<Int>, hiding key: String? = nil) throws(Malformed) {
    guard content.utf8.count <= Self.longestContent else { throw Malformed(reason: "the reply is too long") }
    guard let verdict = try? JSONDecoder().decode(Verdict.self, from: Data(Self.unfenced(content).utf8)) else {
      throw Malformed(reason: "the reply is no JSON object with a label of 1, 0 or null")
    }
    if let label = verdict.label, !labels.contains(label) {
      throw Malformed(reason: "the reply has a label that was not among those to choose from")
    }
    label = verdict.label
    reason = String(Self.storable(verdict.reason, hiding: key).prefix(Self.longestReason))
  }

  /// Without the key, and with the picture of NUL for NULs, at which the store would end the text.
  private static func storable(_ reason: String, hiding key: String?) -> String {
    let text = reason.replacing("\u{0}", with: "\u{2400}")
    return key.flatMap { KeyText($0) }?.hidden(in: text) ?? text
  }

  private struct Verdict: Decodable {
    var label: Int?
    var reason: String

    private enum Key: String, CodingKey { case label, reason }

    init(from decoder: any Decoder) throws {
      let keys = try decoder.container(keyedBy: Key.self)
      // A missing label is no "cannot tell".
      label = try keys.decode(Int?.self, forKey: .label)
      reason = try keys.decodeIfPresent(String.self, forKey: .reason) ?? ""
    }
  }

  /// The text inside a fenced block, where the reply is one.
  private static func unfenced(_ content: String) -> Substring {
    var text = Substring(content.trimmingCharacters(in: .whitespacesAndNewlines))
    guard text.hasPrefix("```"), text.hasSuffix("```"), text.count > 6, let line = text.firstIndex(of: "\n") else {
      return text
    }
    text = text[text.index(after: line)...]
    return text.hasSuffix("```") ? text.dropLast(3) : text
  }
}
