import Foundations
import LanguageModels
import Torch

/// The score of every token of a text against vectors.
///
/// Scores are those of `ScoreKind`, of the residual stream after each block at each token, winsorised where the vector was made
/// so. Attention is causal, so a token's score equals that of the text truncated after it.
public struct TokenTrace: Sendable {
  /// One vector at one layer.
  public struct Series: Sendable {
    public var vector: String
    public var layer: Int
    /// h . v / |v| by token, in units of the residual stream.
    public var projections: [Double]
    /// h . v / (|h| |v|) by token.
    public var cosines: [Double]

    public func scores(_ kind: TraceScore) -> [Double] { kind == .cosine ? cosines : projections }
  }

  public let text: TracedText
  /// Vectors in the given order, each with its layers ascending.
  public let series: [Series]

  /// - Parameters:
  ///   - vectors: by name; each is scored at the layers that it has.
  ///   - layers: only these; nil for all.
  /// - Throws: where a vector has none of the layers, and as `ScoreKind.scores`.
  public init(
    _ text: TracedText, _ model: LanguageModel, vectors: [(name: String, vectors: SteeringVectors)], layers: [Int]?
  ) throws {
    let wanted = try vectors.map { name, vectors in
      (name, vectors, try Self.layers(of: vectors, name, among: layers))
    }
    let taps = Set(wanted.flatMap(\.2)).sorted()
    try model.check(layers: taps)
    let output = try model.forward(PackedBatch([text.tokens.map(\.id)]), taps: Taps(layers: taps))
    self.text = text
    series = try wanted.flatMap { name, vectors, layers in
      try layers.compactMap { layer in
        guard let stream = try output.residuals[layer].map({ try vectors.prepared($0.moved(to: .cpu)) }) else {
          return nil
        }
        let vector = try vectors.vector(layer)
        return Series(
          vector: name, layer: layer, projections: try ScoreKind.projection.scores(stream, vector: vector),
          cosines: try ScoreKind.cosine.scores(stream, vector: vector))
      }
    }
  }

  private static func layers(
    of vectors: SteeringVectors, _ name: String, among wanted: [Int]?
  ) throws(TelltaleError) -> [Int] {
    guard let wanted else { return vectors.sortedLayers }
    let layers = vectors.sortedLayers.filter(Set(wanted).contains)
    guard !layers.isEmpty else {
      let held = vectors.sortedLayers.map(String.init).joined(separator: ", ")
      throw TelltaleError(.badInput, "the vector \(name) holds none of the layers asked for; it holds \(held)")
    }
    return layers
  }
}

/// Which score of a trace is shown.
public enum TraceScore: String, Sendable, CaseIterable, Codable { case cosine, projection }
