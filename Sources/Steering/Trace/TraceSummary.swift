import Foundations

/// The summary of the scores of a text or of one of its messages.
public struct TraceAggregate: Sendable, Equatable, Encodable {
  /// The number of tokens counted: `TracedText.counted`, or those of a message.
  public var tokens: Int
  public var mean: Double
  public var max: Double
  /// The score of the last token.
  public var last: Double

  /// - Parameters:
  ///   - scores: of all tokens of the text.
  ///   - tokens: those to summarise; nil is returned where there are none.
  public init?(_ scores: [Double], _ tokens: [Int]) {
    guard let last = tokens.last else { return nil }
    let own = tokens.map { scores[$0] }
    self.tokens = own.count
    mean = own.reduce(0, +) / Double(own.count)
    max = own.reduce(-Double.infinity, Swift.max)
    self.last = scores[last]
  }
}

/// How a role's scores change over a conversation.
public struct TraceDrift: Sendable, Equatable, Encodable {
  public var role: String
  /// The number of the role's messages that have words.
  public var turns: Int
  /// The last message's mean minus the first one's.
  public var change: Double
  /// The least-squares slope of the messages' means over their number within the role (1, 2, ...), per message.
  public var slope: Double

  /// - Parameter means: of the role's messages in their order; nil is returned for fewer than two.
  public init?(role: String, means: [Double]) {
    guard means.count > 1, let first = means.first, let last = means.last else { return nil }
    let centre = Double(means.count - 1) / 2
    let mean = means.reduce(0, +) / Double(means.count)
    var (products, squares) = (0.0, 0.0)
    for (index, value) in means.enumerated() {
      products += (Double(index) - centre) * (value - mean)
      squares += (Double(index) - centre) * (Double(index) - centre)
    }
    self.role = role
    turns = means.count
    change = last - first
    slope = products / squares
  }
}

extension TokenTrace {
  /// Over the tokens that are counted; nil where there are none.
  public func whole(_ scores: [Double]) -> TraceAggregate? { TraceAggregate(scores, text.counted) }

  /// By message; nil for one without words.
  public func turns(_ scores: [Double]) -> [TraceAggregate?] { text.turns.map { TraceAggregate(scores, $0.tokens) } }

  /// By role, in the order in which they speak first.
  public func drifts(_ scores: [Double]) -> [TraceDrift] {
    let means = zip(text.turns, turns(scores)).compactMap { turn, own in own.map { (turn.role, $0.mean) } }
    var roles: [String] = []
    for (role, _) in means where !roles.contains(role) { roles.append(role) }
    return roles.compactMap { role in TraceDrift(role: role, means: means.filter { $0.0 == role }.map(\.1)) }
  }
}
