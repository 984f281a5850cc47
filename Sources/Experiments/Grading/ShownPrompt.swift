import Foundation

/// A message of a conversation as a person reads it.
package struct ShownTurn: Sendable, Encodable, Equatable {
  /// `user` or `assistant`.
  package var role: String
  package var text: String

  package init(role: String, text: String) { (self.role, self.text) = (role, text) }
}

/// A choice that a question offers.
package struct ShownChoice: Sendable, Encodable, Equatable {
  package var letter: String
  package var text: String
  /// Whether giving it is the behaviour.
  package var isBehaviour: Bool

  package init(letter: String, text: String, isBehaviour: Bool) {
    (self.letter, self.text, self.isBehaviour) = (letter, text, isBehaviour)
  }
}

/// A prompt for the eyes of a rater: the messages without the chat template's special tokens and system message, and the
/// choices of the last one as a list. The prompt as it was sent is shown apart from it.
struct ShownPrompt {
  private(set) var turns: [ShownTurn]
  private(set) var choices: [ShownChoice] = []

  /// - Parameters:
  ///   - prompt: rendered, with special tokens.
  ///   - behaviour: the letter of the choice that would be the behaviour.
  init(_ prompt: String, behaviour: String?) {
    turns = Self.turns(prompt)
    guard let last = turns.lastIndex(where: { $0.role == "user" }) else { return }
    let (message, choices) = Self.choices(turns[last].text)
    guard choices.count > 1 else { return }
    turns[last].text = message
    self.choices = choices.map { ShownChoice(letter: $0, text: $1, isBehaviour: $0 == behaviour) }
  }

  // MARK: Messages

  /// What begins a message in the chat templates of the field, with its role: ChatML, Llama 3, Gemma, Zephyr and Phi,
  /// Llama 2 and Mistral, and the dialogues of the benchmarks.
  private static let starts: [String] = [
    #"<\|im_start\|>(\w+)\n?"#, #"<\|start_header_id\|>(\w+)<\|end_header_id\|>\s*"#, #"<start_of_turn>(\w+)\n?"#,
    #"<\|(system|user|assistant)\|>\n?"#, #"\[(/?INST)\]"#, #"(?:^|\n\n)(Human|Assistant):"#,
  ]
  private static let system = #"(?s)<<SYS>>.*?<</SYS>>"#
  private static let special = #"<\|[a-z_0-9]+\|>|</?s>|<(?:bos|eos|pad)>|<end_of_turn>"#

  private static func turns(_ prompt: String) -> [ShownTurn] {
    let whole = NSRange(prompt.startIndex..., in: prompt)
    for pattern in starts {
      guard let expression = try? NSRegularExpression(pattern: pattern) else { continue }
      let found = expression.matches(in: prompt, range: whole)
      let turns = found.indices.compactMap { index -> ShownTurn? in
        guard let role = Range(found[index].range(at: 1), in: prompt), let start = Range(found[index].range, in: prompt)
        else { return nil }
        let end = index + 1 < found.count ? Range(found[index + 1].range, in: prompt)?.lowerBound : nil
        return turn(String(prompt[role]), String(prompt[start.upperBound..<(end ?? prompt.endIndex)]))
      }
      if turns.contains(where: { $0.role == "user" }) { return turns }
    }
    return [ShownTurn(role: "user", text: clean(prompt))]
  }

  /// Nil for a system message, and for the answer that is still to come.
  private static func turn(_ role: String, _ text: String) -> ShownTurn? {
    let text = clean(text)
    switch role.lowercased() {
    case "user", "human", "inst": return ShownTurn(role: "user", text: text)
    case "assistant", "model", "/inst": return text.isEmpty ? nil : ShownTurn(role: "assistant", text: text)
    default: return nil
    }
  }

  private static func clean(_ text: String) -> String {
    var text = text.replacingOccurrences(of: system, with: "", options: .regularExpression)
    text = text.replacingOccurrences(of: special, with: "", options: .regularExpression)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  // MARK: Choices

  /// Lines such as ` (A) Yes` taken out of a message, with `Answer:` at its end.
  private static func choices(_ message: String) -> (message: String, choices: [(String, String)]) {
    var (rest, choices): ([Substring], [(String, String)]) = ([], [])
    for line in message.split(separator: "\n", omittingEmptySubsequences: false) {
      if let found = line.wholeMatch(of: /\s*(?:\(([A-Z])\)|([A-Z])[.):])\s*(\S.*)/) {
        choices.append((String(found.1 ?? found.2 ?? ""), String(found.3)))
      } else {
        rest.append(line)
      }
    }
    let text = rest.joined(separator: "\n").replacing(/\s*(?:Answer|Choices):\s*\(?$/, with: "")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    // The last run of letters from A on: a message may quote choices of its own.
    let start = choices.lastIndex { $0.0 == "A" } ?? choices.endIndex
    return choices.count > 1 && start == 0 ? (text, choices) : (message, [])
  }
}
