import Foundations
import LanguageModels

/// What chat and text completions are asked with alike.
struct CommonParameters: Sendable {
  /// The most sequences of one request.
  static let mostSequences = 256
  private static let mostStops = 16

  var model: String?
  var temperature = 1.0
  var topP = 1.0
  /// Drawn at random where none is given.
  var seed: UInt64
  /// Answers for each prompt.
  var choices = 1
  var stops: [String] = []
  /// Whether answers go past the model's end tokens (vLLM's parameter).
  var ignoresEnd = false
  var streams = false
  /// Whether a stream ends with a count of tokens.
  var includesUsage = false
  var telltale: TelltaleBody

  static let names: Set = [
    "model", "temperature", "top_p", "seed", "n", "stop", "stream", "stream_options", "ignore_eos", "telltale",
  ]
  /// What says something of the caller or the account, and nothing of the answer.
  static let harmless: Set = [
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    "parallel_tool_calls",
  ]
  /// Parameters that some clients always send, with the value that changes nothing.
  static let neutral: [String: @Sendable (JSONValue) -> Bool] = [
    "frequency_penalty": { $0.number == 0 }, "presence_penalty": { $0.number == 0 },
    "logit_bias": { $0.object?.isEmpty == true }, "tools": { $0.array?.isEmpty == true },
    "tool_choice": { $0.string == "none" || $0.string == "auto" },
    "response_format": { $0["type"]?.string == "text" },
    "modalities": { value in value.array?.allSatisfy { $0.string == "text" } == true },
  ]

  init(_ members: RequestMembers) throws(EndpointError) {
    model = try members.text("model")
    temperature = try members.number("temperature") ?? 1
    guard (0...100).contains(temperature) else { throw .parameter("temperature", "from 0 (greedy) to 100") }
    topP = try members.number("top_p") ?? 1
    guard topP > 0, topP <= 1 else { throw .parameter("top_p", "above 0 and at most 1") }
    // JSON's numbers are exact up to 2^53.
    let given = try members.integer("seed", in: -(1 << 53)...(1 << 53))
    seed = given.map { UInt64(bitPattern: Int64($0)) } ?? UInt64.random(in: 0..<1 << 53)
    choices = try members.integer("n", in: 1...64) ?? 1
    stops = try Self.stops(members)
    ignoresEnd = try members.flag("ignore_eos") ?? false
    streams = try members.flag("stream") ?? false
    if let options = try members.object("stream_options") {
      try options.allow(["include_usage"], harmless: ["include_obfuscation"])
      includesUsage = try options.flag("include_usage") ?? false
    }
    telltale = try TelltaleBody(members.object("telltale"))
  }

  private static func stops(_ members: RequestMembers) throws(EndpointError) -> [String] {
    guard let value = members["stop"] else { return [] }
    let values = value.array ?? [value]
    let stops = values.compactMap(\.string)
    guard stops.count == values.count, stops.count <= mostStops,
      stops.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 1_000 })
    else { throw .parameter("stop", "a string, or a list of at most \(mostStops), none of them empty") }
    return stops
  }

  func sampling() throws(EndpointError) -> Sampling {
    do { return try Sampling(temperature: temperature, topP: topP, seed: seed) } catch { throw EndpointError(error) }
  }
}
