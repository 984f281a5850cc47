import ArgumentParser
import Foundation
import Foundations
import Tokenizers

/// The parameters of a call, by name.
///
/// Most are the options of the command that does the same, with underscores for dashes: one documentation and one set of
/// checks for both. `{"max_tokens": 8, "chat": true, "add": "v.safetensors"}` is `--max-tokens=8 --chat --add=v.safetensors`.
struct RemoteParameters {
  private let members: [(name: String, value: JSONValue)]

  /// Nil for what is no object; nothing is an empty one.
  init?(_ value: JSONValue?) {
    guard let value else {
      members = []
      return
    }
    guard let object = value.object else { return nil }
    members = object.map { ($0.key.string, $0.value) }
  }

  private init(members: [(name: String, value: JSONValue)]) { self.members = members }

  /// Those of some names.
  func only(_ names: Set<String>) -> RemoteParameters {
    RemoteParameters(members: members.filter { names.contains($0.name) })
  }

  subscript(name: String) -> JSONValue? {
    members.last { $0.name == name && !$0.value.isNull }?.value
  }

  // MARK: Options of a command

  /// The options of a command.
  ///
  /// - Parameter other: names that are not among its options.
  func options<Options: ParsableArguments>(_ type: Options.Type = Options.self, except other: Set<String> = []) throws
    -> Options
  {
    let words = try members.filter { !other.contains($0.name) }.flatMap { try Self.words($0.name, $0.value) }
    do { return try Options.parse(words) } catch let error as TelltaleError { throw error } catch {
      throw CallError(.invalidParameters, Options.message(for: error))
    }
  }

  private static func words(_ name: String, _ value: JSONValue) throws -> [String] {
    let option = "--" + name.replacing("_", with: "-")
    switch value.content {
    case .null, .bool(false): return []
    case .bool(true): return [option]
    case .string(let text): return ["\(option)=\(text.string)"]
    case .number(let number): return ["\(option)=\(Self.number(number))"]
    case .array(let values) where values.allSatisfy({ $0.integer != nil }) && name.hasSuffix("layers"):
      return ["\(option)=\(values.compactMap(\.integer).map(String.init).joined(separator: ","))"]
    case .array(let values): return try values.flatMap { try words(name, $0) }
    case .object:
      throw CallError(.invalidParameters, "\(name) must be a text, a number, true or false, or a list of those")
    }
  }

  /// Whole numbers without a fraction, which options for whole numbers would refuse.
  private static func number(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

  // MARK: Values

  func text(_ name: String) throws(CallError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else { throw refusal(name, "a text") }
    return text
  }

  func needed(_ name: String) throws(CallError) -> String {
    guard let text = try text(name) else { throw refusal(name, "given: a text") }
    return text
  }

  func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws(CallError) -> Int {
    guard let value = self[name] else { return standard }
    guard let number = value.integer, range.contains(number) else {
      throw refusal(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func flag(_ name: String, default standard: Bool) throws(CallError) -> Bool {
    guard let value = self[name] else { return standard }
    guard let flag = value.bool else { throw refusal(name, "true or false") }
    return flag
  }

  /// Refuses names that the method does not know: a misspelt one would be a choice that nobody made.
  func allow(_ names: Set<String>) throws(CallError) {
    if let unknown = members.first(where: { !names.contains($0.name) })?.name {
      let known = names.sorted().joined(separator: ", ")
      throw CallError(
        .invalidParameters, "\(SafeText.quoted(unknown)) is no parameter of this method; it knows \(known)")
    }
  }

  func refusal(_ name: String, _ expected: String) -> CallError {
    CallError(.invalidParameters, "\(name) must be \(expected)")
  }
}

/// What a model is given: a text, a chat, or token ids.
enum RemoteInput {
  case text(String)
  case chat([ChatMessage])
  case ids([Int])

  /// Nil for anything else.
  init?(_ value: JSONValue) {
    if let text = value.string {
      self = .text(text)
      return
    }
    guard let values = value.array, !values.isEmpty else { return nil }
    let ids = values.compactMap(\.integer)
    let messages = values.compactMap(Self.message)
    if ids.count == values.count {
      self = .ids(ids)
    } else if messages.count == values.count {
      self = .chat(messages)
    } else {
      return nil
    }
  }

  private static func message(_ value: JSONValue) -> ChatMessage? {
    guard let role = value["role"]?.string.flatMap(ChatMessage.Role.init(rawValue:)),
      let content = value["content"]?.string
    else { return nil }
    return ChatMessage(role: role, content: content)
  }
}

extension RemoteParameters {
  /// The texts, chats or token ids under `inputs`.
  func inputs() throws(CallError) -> [RemoteInput] {
    let kinds =
      #"a text, a chat ([{"role": "user", "content": "..."}]; roles: system, user, assistant) or a list of token ids"#
    guard let values = self["inputs"]?.array, !values.isEmpty else {
      throw refusal("inputs", "a list with one or more of: " + kinds)
    }
    var inputs: [RemoteInput] = []
    for (index, value) in values.enumerated() {
      guard let input = RemoteInput(value) else { throw refusal("inputs[\(index)]", kinds) }
      inputs.append(input)
    }
    return inputs
  }
}
