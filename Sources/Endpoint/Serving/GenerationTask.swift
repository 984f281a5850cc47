import Foundations
import LanguageModels
import Steering
import Torch

/// The work of a request: its prompts, each continued as often as answers are wanted.
struct GenerationTask: Sendable {
  /// Token ids.
  var prompts: [[Int]]
  /// Answers for each prompt. Answer `i` of prompt `p` has the number `p * choices + i`.
  var choices = 1
  /// By prompt.
  var maxTokens: [Int]
  var sampling = Sampling.greedy
  var stops: [String] = []
  var stopTokens: Set<Int> = []
  /// Alternatives told with every token; nil tells no log-probabilities.
  var alternatives: Int?
  /// Whether answers begin with their prompts.
  var echoes = false
  /// Whether an answer's text continues the prompt's: it then begins with the space that stands between the two.
  var continuesText = false
  var edits: [NamedEdit] = []
  var scores: [TokenScorer] = []

  var sequenceCount: Int { prompts.count * choices }

  /// - Parameter monitor: whose probability every answer states.
  func request(_ number: Int, monitor: Monitor?) -> DecodingRequest {
    let prompt = number / choices
    var request = DecodingRequest(prompt: prompts[prompt], maxTokens: maxTokens[prompt])
    (request.sampling, request.randomStream, request.stopTokens) = (sampling, number, stopTokens)
    request.edits = edits.map(\.edit)
    request.observedLayers = Set(scores.map(\.layer)).sorted()
    request.promptEndLayers = monitor?.layers ?? []
    request.alternatives = alternatives
    request.scoresPrompt = echoes && alternatives != nil
    return request
  }
}

/// An edit and the vector that it is made from.
struct NamedEdit: Sendable {
  var vector: String
  var edit: SteeringEdit
}

/// Scores tokens against one vector at one layer.
struct TokenScorer: Sendable {
  var vector: String
  var layer: Int
  var kind: ScoreKind
  var tokens: RequestedScore.Tokens
  var direction: [Float]
  var mean: [Float]?
  /// What was done to the activations that the vector is made of.
  var winsorising: Winsorising?

  /// By token of float32 [tokens, hidden].
  func scores(_ stream: Tensor) throws -> [Double] {
    try kind.scores(winsorising?(stream) ?? stream, vector: direction, mean: mean)
  }
}

extension RequestedEdit {
  /// The edits of the request's vectors.
  func resolved(_ shelf: VectorShelf) throws(EndpointError) -> [NamedEdit] {
    let vectors = try located { () throws(EndpointError) in try shelf[vector] }
    let when = try condition?.vector.map { name throws(EndpointError) in
      try located { () throws(EndpointError) in try shelf[name] }
    }
    do {
      var edits = try edits(of: vectors)
      if let condition {
        let layer = condition.layer ?? edits.map(\.layer).min() ?? 0
        let own = try (when ?? vectors).condition(layer: layer, condition.side, condition.threshold)
        for index in edits.indices { edits[index].condition = own }
      }
      return edits.map { NamedEdit(vector: vector, edit: $0) }
    } catch { throw EndpointError(error).about(place) }
  }

  private func edits(of vectors: SteeringVectors) throws -> [SteeringEdit] {
    switch operation {
    case .add:
      guard let layers = layers ?? vectors.onlyLayer else {
        let held = vectors.sortedLayers.map(String.init).joined(separator: ", ")
        throw EndpointError.parameter("\(place).layer", "given: the vector holds layers \(held)", code: "missing")
      }
      return try layers.map { try vectors.addition(layer: $0, scale: scale, unit: unit, positions: positions) }
    case .ablate: return try vectors.ablations(layers: layers, positions: positions)
    case .set: return try vectors.clamps(layers: layers, to: target ?? .mean, positions: positions)
    }
  }

  private func located<T>(_ body: () throws(EndpointError) -> T) throws(EndpointError) -> T {
    do { return try body() } catch { throw error.about(place) }
  }
}

extension RequestedScore {
  func resolved(_ shelf: VectorShelf) throws(EndpointError) -> [TokenScorer] {
    do {
      let vectors = try shelf[vector]
      return try (layers ?? vectors.sortedLayers).map { layer in
        // Refuses a layer that the vector does not hold, and one where it is zero.
        _ = try vectors.unit(layer)
        let mean = vectors.means[layer]
        guard kind != .centredCosine || mean != nil else {
          throw EndpointError.parameter(
            "\(place).score", "cosine or projection: the vector states no mean at layer \(layer)")
        }
        return TokenScorer(
          vector: vector, layer: layer, kind: kind, tokens: tokens, direction: try vectors.vector(layer), mean: mean,
          winsorising: vectors.winsorising)
      }
    } catch { throw EndpointError(error).about(place) }
  }
}

extension SteeringVectors {
  fileprivate var onlyLayer: [Int]? { layers.count == 1 ? sortedLayers : nil }
}

extension EndpointError {
  /// The same with the place in the request, where none was named.
  func about(_ place: String) -> EndpointError {
    guard parameter == nil || parameter == "vector" else { return self }
    var error = self
    error.parameter = place
    if !error.message.hasPrefix("\"") { error.message = "\(place): \(error.message)" }
    return error
  }
}
