import Statistics

/// One prompt, what the model said, and the label: a row of a recording. Activations are stored separately, in the same order.
public struct RecordedRow: Codable, Sendable, Equatable {
  /// The item's id: `<source>#<row>`.
  public var id: String
  public var group: String
  public var question: String
  public var source: String
  public var row: Int
  /// The letter (or word) of the answer that is the behaviour.
  public var letter: String?
  public var userSide: String?
  public var prompt: String
  public var continuation: String
  /// Why generation ended: `stop` or `length`.
  public var end: String
  /// 1 the behaviour, 0 another choice, nil not parsable.
  public var label: Int?
  public var labelSource: LabelSource
  /// Why there is no label.
  public var unparsable: UnparsableReason?
  /// log p(matching answer) - log p(the likeliest other answer), in nats; nil where it was not asked for.
  public var logitDifference: Double?
  public var promptTokens: Int
  /// The token at which `prompt` was read, and its text: a wrong position would show here.
  public var promptToken: Int
  public var promptTokenText: String
  /// The token at which `continuation` was read; nil where the continuation is empty.
  public var continuationToken: Int?
  public var continuationTokenText: String?
  /// The tokens at which turns of the chat were read, where some were asked for and the chat has them.
  public var turns: [TurnRead]?
  /// Reference answers of the data set (TruthfulQA), the best first, for whoever grades by hand.
  public var correctAnswers: [String]?
  public var incorrectAnswers: [String]?
  /// Facts of a synthetic item (such as an organism's latent), by name.
  public var facts: [String: String]?
}

/// The token at which a turn of a chat was read, and its text.
public struct TurnRead: Codable, Sendable, Equatable {
  /// Counted from 1; a system message is no turn.
  public var turn: Int
  public var token: Int
  public var tokenText: String

  public init(turn: Int, token: Int, tokenText: String) {
    (self.turn, self.token, self.tokenText) = (turn, token, tokenText)
  }
}

extension RecordedRow {
  /// Whether there is an activation of the row at the position: an empty continuation has none, nor has a chat with fewer
  /// turns.
  package func isRead(at position: ReadPosition) -> Bool {
    switch position {
    case .prompt: true
    case .turn(let turn): turns?.contains { $0.turn == turn } ?? false
    default: continuationToken != nil
    }
  }
}

extension ClusteredAUROC {
  /// Of the rows with a label and a finite score, clustered by group; nil where a class is missing.
  package init?(_ scores: [Double], of rows: [RecordedRow]) {
    let used = rows.indices.filter { rows[$0].label != nil && scores[$0].isFinite }
    self.init(
      scores: used.map { scores[$0] }, labels: used.map { rows[$0].label ?? 0 }, groups: used.map { rows[$0].group })
  }
}
