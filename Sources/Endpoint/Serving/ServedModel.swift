import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers

/// The model of an endpoint, and all that requests can name with it.
package struct ServedModel: Sendable {
  package let loaded: LoadedModel
  /// As requests call it.
  package let name: String
  /// nil where the model has none and none was named.
  let template: ChatTemplate?
  /// Tokens of a sequence, prompt and answer.
  package let context: Int
  package let vectors: VectorShelf
  let monitor: Monitor?

  /// - Throws: for a monitor that is not of this model, or does not read the prompt's last token.
  package init(
    _ loaded: LoadedModel, name: String? = nil, template: ChatTemplate?, context: Int, vectors: VectorShelf,
    monitor: Monitor? = nil
  ) throws {
    self.loaded = loaded
    self.name = name ?? Self.name(of: loaded)
    self.template = template
    let design = loaded.model.configuration
    // Longer sequences of a longrope model would have to be computed again from their first token.
    self.context = [context, design.learnedPositions, design.lengthSwitch].compactMap { $0 }.min() ?? context
    (self.vectors, self.monitor) = (vectors, monitor)
    guard let monitor else { return }
    try monitor.check(against: loaded.model, fingerprint: loaded.fingerprint)
    guard monitor.card.position == .prompt else {
      throw TelltaleError(
        .badInput,
        "the monitor \(monitor.card.name) reads the \(monitor.card.position.rawValue), and an endpoint watches prompts; "
          + "fit one with --position prompt")
    }
  }

  /// The last part of a path, without `.gguf`; a name of the hub as it is.
  private static func name(of loaded: LoadedModel) -> String {
    guard FileManager.default.fileExists(atPath: loaded.name) else { return loaded.name }
    let last = URL(fileURLWithPath: loaded.name).lastPathComponent
    return last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last
  }

  // MARK: Prompts

  func tokens(_ messages: [ChatMessage]) throws(EndpointError) -> [Int] {
    guard let template else {
      throw EndpointError(
        400, "the model has no chat template; use /v1/completions, or start the endpoint with --template",
        code: "no_chat_template")
    }
    do {
      return try loaded.tokenizer.encodeChat(messages, addGenerationPrompt: true, template: template).encoding.ids
    } catch { throw EndpointError(error).about("messages") }
  }

  func tokens(_ prompt: CompletionBody.Prompt) throws(EndpointError) -> [Int] {
    switch prompt {
    case .text(let text):
      let ids = loaded.tokenizer.encode(text, addSpecialTokens: true).ids
      guard !ids.isEmpty else { throw .parameter("prompt", "a text with at least one token") }
      return ids
    case .tokens(let ids):
      let size = loaded.model.configuration.vocabularySize
      guard ids.allSatisfy((0..<size).contains) else {
        throw .parameter("prompt", "token ids from 0 to \(size - 1), those of this model's tokenizer")
      }
      return ids
    }
  }

  /// The tokens that an answer may have.
  ///
  /// - Parameter wanted: nil for as many as fit.
  func room(after prompt: [Int], wanted: Int?) throws(EndpointError) -> Int {
    let left = context - prompt.count
    guard left >= (wanted ?? 1) else {
      throw EndpointError(
        400,
        "the prompt has \(prompt.count) tokens and \(wanted ?? 1) were asked for, and a sequence has at most "
          + "\(context) (--context); shorten the prompt or ask for fewer tokens",
        code: "context_length_exceeded", parameter: "messages")
    }
    return wanted ?? left
  }
}
