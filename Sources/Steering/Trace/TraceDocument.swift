import Foundations

/// A trace as JSON: tokens, messages, and for each vector and layer the scores with their summaries.
public struct TraceDocument: Encodable, Sendable {
  public struct Turn: Encodable, Sendable {
    public var role: String
    /// Tokens with the message's words.
    public var tokens: Int
  }

  /// A score of all tokens; nil where it is undefined (a cosine of a zero stream).
  public struct Scores: Encodable, Sendable {
    public var tokens: [Double?]
    public var whole: TraceAggregate?
    /// By message.
    public var turns: [TraceAggregate?]
    public var drift: [TraceDrift]
  }

  public struct Series: Encodable, Sendable {
    public var vector: String
    public var layer: Int
    public var projection: Scores
    public var cosine: Scores
  }

  public var tokens: [TracedText.Token]
  public var turns: [Turn]
  public var series: [Series]

  public init(_ trace: TokenTrace) {
    func scores(_ values: [Double]) -> Scores {
      Scores(
        tokens: values.map { $0.isFinite ? $0 : nil }, whole: trace.whole(values), turns: trace.turns(values),
        drift: trace.drifts(values))
    }
    tokens = trace.text.tokens
    turns = trace.text.turns.map { Turn(role: $0.role, tokens: $0.tokens.count) }
    series = trace.series.map {
      Series(vector: $0.vector, layer: $0.layer, projection: scores($0.projections), cosine: scores($0.cosines))
    }
  }
}
