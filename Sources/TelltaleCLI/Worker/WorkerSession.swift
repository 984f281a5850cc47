import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

/// What a worker knows between two calls: the model that it holds, and its folder.
final class WorkerSession {
  typealias Progress = (_ title: String, _ done: Int, _ total: Int) -> Void
  typealias Method = @Sendable (WorkerSession, RemoteParameters, @escaping Progress) throws -> any Encodable

  /// Of the protocol, stated by `hello`: a client refuses one that it does not know.
  static let protocolVersion = 1

  private static let methods: [String: Method] = [
    "hello": { session, _, _ in Greeting(session.folder) },
    "load": { session, parameters, _ in try session.load(parameters) },
    "tokenize": { session, parameters, _ in try session.tokenize(parameters) },
    "activations": { try $0.activations($1, $2) },
    "generate": { try $0.generate($1, $2) },
    "extract": { try $0.extract($1, $2) },
    "record": { try $0.record($1, $2) },
    "audit": { session, parameters, _ in try session.audit(parameters) },
    "figure": { session, parameters, _ in try session.figure(parameters) },
    "shutdown": { session, _, _ in session.end() },
  ]

  static let methodNames = methods.keys.sorted()

  let folder: URL
  private(set) var isDone = false
  private var loaded: LoadedModel?
  private var filesMade = 0

  init(folder: URL) { self.folder = folder }

  func run(_ call: RemoteCall, _ onProgress: @escaping Progress) throws -> any Encodable {
    guard let method = Self.methods[call.method] else {
      let name = SafeText.quoted(call.method)
      throw CallError(
        .methodNotFound, "there is no method \(name); there are \(Self.methodNames.joined(separator: ", "))")
    }
    return try method(self, call.parameters, onProgress)
  }

  /// The model, which must be loaded.
  func model() throws(CallError) -> LoadedModel {
    guard let loaded else { throw CallError(.badInput, "no model is loaded; call load with a model first") }
    return loaded
  }

  /// A new place in the folder.
  func newFile(_ kind: String, _ ending: String) -> URL {
    filesMade += 1
    return folder.appending(path: "\(kind)-\(filesMade)\(ending)")
  }

  // MARK: The session itself

  private struct Greeting: Encodable {
    let telltale = Version.current
    let protocolVersion = WorkerSession.protocolVersion
    let methods = WorkerSession.methodNames
    let folder: String
    let devices = ["cpu"] + (0..<Runtime.cudaDeviceCount).map { "cuda:\($0)" }

    init(_ folder: URL) { self.folder = folder.path }
  }

  private struct Nothing: Encodable {}

  private func end() -> Nothing {
    isDone = true
    return Nothing()
  }

  private struct LoadedSummary: Encodable {
    var name: String
    var layers: Int
    var hidden: Int
    var vocabulary: Int
    var parameters: Int
    var dtype: String
    var device: String
    var fingerprint: String
    var hasChatTemplate: Bool
    var warnings: [String]
  }

  /// The model that was held before is let go first, so that there is room.
  private func load(_ parameters: RemoteParameters) throws -> LoadedSummary {
    let options: ModelOptions = try parameters.options()
    loaded = nil
    let device = try options.compute.prepare()
    let model = try options.loaded(on: device)
    loaded = model
    let configuration = model.model.configuration
    return LoadedSummary(
      name: model.name, layers: configuration.layerCount, hidden: configuration.hiddenSize,
      vocabulary: configuration.vocabularySize, parameters: model.model.parameterCount, dtype: model.model.arithmetic,
      device: options.compute.device, fingerprint: model.fingerprint,
      hasChatTemplate: (try? model.tokenizer.chatTemplate()) != nil, warnings: model.warnings)
  }

  // MARK: Tokens

  struct Tokens: Encodable {
    var ids: [[Int]]
    var tokens: [[String]]
  }

  private func tokenize(_ parameters: RemoteParameters) throws -> Tokens {
    let tokenizer = try model().tokenizer
    let ids = try encoded(parameters, except: [])
    return Tokens(ids: ids, tokens: ids.map { $0.map { tokenizer.token($0) ?? "" } })
  }

  static let inputNames: Set = ["inputs", "add_generation_prompt", "template", "template_variable", "date"]

  /// The token ids of `inputs`: texts with the tokenizer's special tokens, chats by the chat template.
  ///
  /// - Parameter other: names that mean something else to the method.
  func encoded(_ parameters: RemoteParameters, except other: Set<String>) throws -> [[Int]] {
    try parameters.allow(Self.inputNames.union(other))
    let tokenizer = try model().tokenizer
    let options: TemplateOptions = try parameters.only(["template", "template_variable", "date"]).options()
    let asksAnswer = try parameters.flag("add_generation_prompt", default: true)
    let ids: [[Int]] = try parameters.inputs().map { input in
      switch input {
      case .ids(let ids): return ids
      case .text(let text): return tokenizer.encode(text, addSpecialTokens: true).ids
      case .chat(let messages):
        let template = try tokenizer.chatTemplate(options)
        return try tokenizer.encodeChat(messages, addGenerationPrompt: asksAnswer, template: template).encoding.ids
      }
    }
    try check(ids)
    return ids
  }

  private func check(_ sequences: [[Int]]) throws {
    let vocabulary = try model().model.configuration.vocabularySize
    for (index, ids) in sequences.enumerated() {
      guard !ids.isEmpty else { throw CallError(.badInput, "inputs[\(index)] has no tokens; give at least one") }
      guard let wrong = ids.first(where: { !(0..<vocabulary).contains($0) }) else { continue }
      throw CallError(
        .badInput,
        "inputs[\(index)] has the token id \(wrong) and the model's vocabulary ends at \(vocabulary - 1); use this "
          + "model's tokenizer")
    }
  }
}
