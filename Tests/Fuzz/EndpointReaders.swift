import Endpoint
import Foundation
import Foundations
import LanguageModels
import Steering

/// Requests to `telltale endpoint`, from the body to the answer of a small model, whole and as a stream.
enum EndpointReaders {
  static func all() throws -> [Reader] {
    let service = try service()
    return [
      requests("chat", words: chatWords, chats) { try service.chat($0) },
      requests("completions", words: completionWords, completions) { try service.completion($0) },
      try vectors(service),
    ]
  }

  private static func service() throws -> EndpointService {
    let folder = Reader.fixture("models/tiny-llama")
    let loaded = try LoadedModel(folder.path, dtype: .float32)
    let shelf = VectorShelf(for: loaded)
    let width = loaded.model.configuration.hiddenSize
    _ = try shelf.put("v", SteeringVectors(layers: [2: (0..<width).map { sin(Float($0)) }], provenance: .init()))
    // A context of 160 tokens bounds what a mutant can ask for.
    let served = try ServedModel(loaded, template: loaded.tokenizer.chatTemplate(), context: 160, vectors: shelf)
    return try EndpointService(served, Scheduler.Limits())
  }

  private static let chats = [
    #"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Who are you?"}],"max_tokens":4,"seed":1}"#,
    #"{"model":"tiny-llama","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],"max_completion_tokens":2,"n":2,"temperature":0.5,"logprobs":true,"top_logprobs":3,"stop":["a","b"],"stream":true,"stream_options":{"include_usage":true}}"#,
    #"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":2,"telltale":{"edits":[{"operation":"add","vector":"v","layer":2,"scale":2,"positions":"all"}],"scores":[{"vector":"v","layer":2,"score":"cosine"}]}}"#,
  ]
  private static let chatWords = [
    #""role":"assistant""#, #""role":"tool""#, #""content":null"#, #""n":64"#, #""temperature":1e308"#, #""top_p":0"#,
    #""stop":"""#, #""seed":-9007199254740992"#, #""max_tokens":1048576"#, "\\ud800", "</s>", "<s>", "\\u0000",
  ]

  private static let completions = [
    #"{"prompt":"I think that","max_tokens":3,"echo":true,"logprobs":2,"temperature":0}"#,
    #"{"prompt":[[1,5,9],[1,2]],"max_tokens":2,"ignore_eos":true,"top_p":0.9,"seed":7,"n":2}"#,
    #"{"prompt":["a","b"],"max_tokens":0,"echo":true,"logprobs":1}"#,
    #"{"prompt":"a","max_tokens":2,"stream":true,"telltale":{"edits":[{"operation":"ablate","vector":"v"}]}}"#,
  ]
  private static let completionWords = [
    #""prompt":[]"#, #""prompt":[-1]"#, #""prompt":[999999999999]"#, #""prompt":[1.5]"#, #""logprobs":20"#,
    #""best_of":2"#, #""scale":1e38"#, #""layer":-1"#, #""layers":[0,1]"#, #""positions":"prompt""#, #""vector":"w""#,
  ]

  /// Bodies that are answered as `ask` says: in JSON that another parser reads too, or refused in one sentence.
  private static func requests(
    _ name: String, words: [String], _ bodies: [String], ask: @escaping @Sendable ([UInt8]) throws -> PendingAnswer
  ) -> Reader {
    Reader(
      name: "endpoint-\(name)", words: words,
      seeds: bodies.enumerated().map { .init(name: "\(name)-\($0).json", bytes: Array($1.utf8)) },
      read: { url in
        let body = [UInt8](try Data(contentsOf: url))
        try waiting {
          let pending = try ask(body)
          for text in try await answers(pending) {
            _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
          }
        }
        return ""
      })
  }

  /// The JSON of an answer: one object, or those of a stream's events.
  private static func answers(_ pending: PendingAnswer) async throws -> [String] {
    guard pending.streams else { return [try await pending.json()] }
    var text = ""
    try await pending.write { text += $0 }
    let events = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
    guard events.last == "data: [DONE]" || events.last?.contains("\"error\"") == true else {
      throw StreamError.endsEarly
    }
    return try events.filter { $0 != "data: [DONE]" }.map {
      guard $0.hasPrefix("data: ") else { throw StreamError.noEvent }
      return String($0.dropFirst(6))
    }
  }

  private enum StreamError: Error {
    case endsEarly, noEvent
  }

  private static func vectors(_ service: EndpointService) throws -> Reader {
    Reader(
      name: "endpoint-vectors",
      words: [#""layer.2""#, #""layer.99""#, #""dtype":"BF16""#, #""shape":[64]"#, "__metadata__"],
      seeds: [.init(name: "vector.safetensors", bytes: try seedVector())],
      read: { url in
        let file = [UInt8](try Data(contentsOf: url))
        try waiting { _ = try service.put("mutant", file) }
        return ""
      })
  }

  /// A vector file of the model's width.
  private static func seedVector() throws -> [UInt8] {
    let header = #"{"layer.1":{"dtype":"F32","shape":[64],"data_offsets":[0,256]}}"#
    let values = (0..<64).map { cos(Float($0)).bitPattern }
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(header.utf8)
      + values.flatMap { bits in (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) } }
  }

  /// Does `work` to its end; what the endpoint refuses becomes the error that the fuzzer judges.
  private static func waiting(_ work: @escaping @Sendable () async throws -> Void) throws {
    let end = Ending()
    Task {
      do { try await work() } catch { end.error = error }
      end.done.signal()
    }
    end.done.wait()
    switch end.error {
    case nil: return
    case let refusal as EndpointError where refusal.status < 500: throw TelltaleError(.badInput, refusal.message)
    case .some(let error): throw error
    }
  }

  /// How a task ended; written before the signal, read after it.
  private final class Ending: @unchecked Sendable {
    let done = DispatchSemaphore(value: 0)
    var error: (any Error)?
  }
}
