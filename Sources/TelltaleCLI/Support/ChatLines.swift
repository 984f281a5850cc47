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
  /// Files beyond this are no list of chats.
  private static let largest = 1 << 30

  static func read(_ path: String) throws -> [ChatLine] {
    let bytes = try contents(path)
    var chats: [ChatLine] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
      chats.append(try chat(Array(line), InputLocation(file: path, line: index + 1)))
    }
    guard !chats.isEmpty else {
      throw TelltaleError(
        .badInput, "has no chats; give one object like \(example) a line", at: InputLocation(file: path))
    }
    return chats
  }

  private static func contents(_ path: String) throws -> [UInt8] {
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    guard size <= largest else {
      throw TelltaleError(.badInput, "is larger than 1 GB; split it", at: InputLocation(file: path))
    }
    let data =
      path == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
    guard let data else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: InputLocation(file: path))
    }
    return Array(String(decoding: data, as: UTF8.self).utf8)
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
