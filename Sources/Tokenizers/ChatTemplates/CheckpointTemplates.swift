import Foundation
import Foundations

/// The chat templates that a checkpoint comes with.
///
/// A checkpoint has one, or several by name: `default` and such as `tool_use` and `rag`.
struct CheckpointTemplates: Sendable {
  /// The checkpoint's directory or file, for messages.
  let file: String
  /// Jinja sources by name.
  var sources: [(name: String, source: String)] = []
  var specialTokens: [(name: String, text: String)] = []

  /// - Parameter name: one of the checkpoint's own, a built-in format or a file of Jinja; nil for the checkpoint's
  ///   default.
  func template(named name: String?, _ settings: ChatSettings) throws(TelltaleError) -> ChatTemplate {
    let wanted = name ?? "default"
    if let own = sources.first(where: { $0.name == wanted }) { return try template(own.source, wanted, settings) }
    guard let name else { throw failure("has no chat template; name one of \(known)") }
    if let format = ChatTemplate.Format(rawValue: name) {
      func token(_ name: String) -> String? { specialTokens.first { $0.name == name }?.text }
      return ChatTemplate(format, bosToken: token("bos_token"), eosToken: token("eos_token"), settings: settings)
    }
    guard name.hasSuffix(".jinja") else {
      throw failure("\"\(name)\" is not a chat template; name one of \(known), or a file of Jinja (.jinja)")
    }
    let source = try TokenizerFileReader.bytes(of: URL(fileURLWithPath: name))
    return try template(String(decoding: source, as: UTF8.self), name, settings)
  }

  private var known: String {
    (sources.map(\.name).filter { $0 != "default" } + ChatTemplate.names).joined(separator: ", ")
  }

  private func template(
    _ source: String, _ name: String, _ settings: ChatSettings
  ) throws(TelltaleError) -> ChatTemplate {
    do {
      return try ChatTemplate(source: source, name: name, specialTokens: specialTokens, settings: settings)
    } catch {
      throw failure("\(error.message); name another template: \(known)")
    }
  }

  private func failure(_ message: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: .init(file: file), remedy: .chooseTemplate)
  }
}

/// Where a Hugging Face directory has its templates.
extension CheckpointTemplates {
  /// The files, which go before what `tokenizer_config.json` says: `chat_template.jinja` is the default, each of
  /// `additional_chat_templates/` has its file's name.
  static func sources(
    _ configuration: JSONValue?, _ directory: URL
  ) throws(TelltaleError) -> [(name: String, source: String)] {
    var sources: [(name: String, source: String)] = []
    let file = directory.appending(path: "chat_template.jinja")
    if TokenizerFileReader.exists(file) { sources.append(("default", try text(of: file))) }
    let folder = directory.appending(path: "additional_chat_templates")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names.sorted() where name.hasSuffix(".jinja") {
      sources.append((String(name.dropLast(6)), try text(of: folder.appending(path: name))))
    }
    return sources.isEmpty ? configured(configuration) : sources
  }

  private static func text(of file: URL) throws(TelltaleError) -> String {
    String(decoding: try TokenizerFileReader.bytes(of: file), as: UTF8.self)
  }

  private static func configured(_ configuration: JSONValue?) -> [(name: String, source: String)] {
    let value = configuration?["chat_template"]
    if let source = value?.string { return [("default", source)] }
    return (value?.array ?? []).compactMap { item in
      guard let name = item["name"]?.string, let source = item["template"]?.string else { return nil }
      return (name, source)
    }
  }
}
