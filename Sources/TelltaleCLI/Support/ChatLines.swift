import CommandSupport
import Foundation
import Foundations
import Tokenizers

/// A chat of a file of JSON Lines.
struct ChatLine {
  /// From 1.
  let line: Int
  let request: ChatRequest
  let ending: ChatEnding

  /// The chat's text.
  ///
  /// - Parameter file: the file of the chat, for the complaint of a template that refuses it.
  func rendered(by template: ChatTemplate, file: String) throws -> String {
    do { return try template.render(request, ending: ending).text } catch {
      throw TelltaleError(.badInput, error.message, at: InputLocation(file: file, line: line))
    }
  }
}

/// Reads chats, one a line: `messages`, and optionally `add_generation_prompt`, `continue_final_message` and
/// `variables`; other members are left alone.
///
/// Not by `Decodable`: messages keep all their members, in their order, for templates that print them.
enum ChatLines {
  private static let example = #"{"messages": [{"role": "user", "content": "Hi"}]}"#

  static func read(_ path: String) throws -> [ChatLine] {
    try JSONLines.lines(path, expecting: example).map { number, line in
      let text = String(decoding: line, as: UTF8.self)
      return try chat(Array(text.utf8), InputLocation(file: path, line: number))
    }
  }

  private static func chat(_ bytes: [UInt8], _ place: InputLocation) throws -> ChatLine {
    guard let json = try? JSONParser.parse(bytes), let messages = json["messages"]?.array,
      messages.allSatisfy({ $0.object != nil })
    else { throw TelltaleError(.badInput, "is not an object like \(example)", at: place) }
    var request = ChatRequest(messages: messages.map { JinjaValue($0, in: bytes) })
    request.variables = (json["variables"]?.object ?? []).map { ($0.key.string, JinjaValue($0.value, in: bytes)) }
    let (asks, continues) = (
      json["add_generation_prompt"]?.bool ?? false, json["continue_final_message"]?.bool ?? false
    )
    guard !(asks && continues) else {
      throw TelltaleError(
        .badInput, "asks for a new answer and for the continuation of the last message; give one of the two", at: place)
    }
    let ending: ChatEnding = continues ? .openMessage : asks ? .generationPrompt : .asIs
    return ChatLine(line: place.line ?? 0, request: request, ending: ending)
  }
}
