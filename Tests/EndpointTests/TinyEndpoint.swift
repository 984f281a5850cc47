import Foundation
import LanguageModels
import Steering
import TestSupport
import Testing
import Torch

@testable import Endpoint

/// The endpoint of a small model whose reference outputs transformers computed, without HTTP.
final class TinyEndpoint: Sendable {
  static let directory = Fixtures.file("models/tiny-llama")

  let loaded: LoadedModel
  let golden: SafetensorsFile
  let shelf: VectorShelf
  let service: EndpointService

  init(_ change: (inout Scheduler.Limits) -> Void = { _ in }, context: Int = 256, monitor: Monitor? = nil) throws {
    loaded = try LoadedModel(Self.directory.path, dtype: .float32).batchInvariant()
    golden = try SafetensorsFile(Self.directory.appending(path: "golden.safetensors"))
    shelf = VectorShelf(for: loaded)
    let steer = try golden.tensor("steer.vector").floats()
    let direction = try golden.tensor("ablate.direction").floats()
    try shelf.put("steer", SteeringVectors(layers: [2: steer], provenance: .init()))
    try shelf.put(
      "ablate",
      SteeringVectors(
        layers: Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, direction) }), provenance: .init()))
    var limits = Scheduler.Limits()
    change(&limits)
    let served = try ServedModel(
      loaded, template: loaded.tokenizer.chatTemplate(), context: context, vectors: shelf, monitor: monitor)
    service = try EndpointService(served, limits)
  }

  deinit { service.end() }

  func prompt(_ number: Int) throws -> [Int] { try golden.tensor("prompt.\(number).ids").integers() }

  func text(_ ids: [Int]) -> String { loaded.tokenizer.decode(ids, skipSpecialTokens: true) }

  func complete(_ body: String) async throws -> Answer {
    try Answer(await service.completion(Array(body.utf8)).json())
  }

  func chat(_ body: String) async throws -> Answer { try Answer(await service.chat(Array(body.utf8)).json()) }

  /// The data of the events of a stream, the last one included.
  static func events(_ pending: PendingAnswer) async throws -> [String] {
    var text = ""
    try await pending.write { text += $0 }
    return text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { event in
      #expect(event.hasPrefix("data: "))
      return String(event.dropFirst(6))
    }
  }

  /// The error that a request is refused with.
  func refusal(_ body: String, chat: Bool = false) -> EndpointError? {
    do {
      _ = chat ? try service.chat(Array(body.utf8)) : try service.completion(Array(body.utf8))
      return nil
    } catch { return error as? EndpointError }
  }
}

/// The parts of an answer that tests look at, of both kinds.
struct Answer: Decodable {
  struct Message: Decodable {
    var role: String
    var content: String
  }
  struct Delta: Decodable {
    var role: String?
    var content: String?
  }
  struct Logprobs: Decodable {
    struct Token: Decodable {
      struct Alternative: Decodable {
        var token: String
        var logprob: Double
      }
      var token: String
      var logprob: Double
      var bytes: [Int]?
      var topLogprobs: [Alternative]
    }
    var tokens: [String]?
    var tokenLogprobs: [Double?]?
    var topLogprobs: [[String: Double]?]?
    var textOffset: [Int]?
    var content: [Token]?
  }
  struct Scores: Decodable {
    var vector: String
    var layer: Int
    var score: String
    var prompt: [Double?]
    var answer: [Double?]
  }
  struct Readings: Decodable {
    struct Tokens: Decodable {
      var prompt: [String]
      var answer: [String]
    }
    struct Monitor: Decodable {
      var name: String
      var probability: Double
      var flagged: Bool
    }
    var tokens: Tokens?
    var scores: [Scores]?
    var monitor: Monitor?
  }
  struct Choice: Decodable {
    var index: Int
    var message: Message?
    var delta: Delta?
    var text: String?
    var logprobs: Logprobs?
    var finishReason: String?
    var telltale: Readings?
  }
  struct Usage: Decodable, Equatable {
    var promptTokens: Int
    var completionTokens: Int
    var totalTokens: Int
  }
  struct Proof: Decodable {
    struct Edit: Decodable {
      var vector: String
      var operation: String
      var layer: Int
      var positions: Int
      var sequences: Int
      var meanShift: Double
    }
    var edits: [Edit]
  }

  var id: String
  var object: String
  var model: String
  var choices: [Choice]
  var usage: Usage?
  var telltale: Proof?

  init(_ json: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Answer.self, from: Data(json.utf8))
  }
}
