import LanguageModels
import Steering

/// What is told of a request while it is worked on.
enum AnswerEvent: Sendable {
  case piece(answer: Int, AnswerPiece)
  case finished(answer: Int, FinishedAnswer)
  /// All answers are finished.
  case done([EditProof])
}

/// The end of one answer.
struct FinishedAnswer: Sendable {
  enum Reason: String, Sendable { case stop, length }

  var reason: Reason
  /// Tokens that were generated, those of a stop string included.
  var tokens: Int
  var scores: [ScoredTokens]
  /// The tokens that scores are of; empty where nothing is scored.
  var scoredPrompt: [Int]
  var scoredAnswer: [Int]
  var monitor: MonitorReading?
}

/// The scores of an answer's tokens against one vector at one layer.
struct ScoredTokens: Sendable, Encodable {
  var vector: String
  var layer: Int
  var score: String
  /// nil where a score is not defined (a stream of zeros).
  var prompt: [Double?]
  var answer: [Double?]
}

/// What a monitor says of a prompt.
struct MonitorReading: Sendable, Encodable, Equatable {
  var name: String
  var probability: Double
  /// Whether it is at or above the monitor's threshold.
  var flagged: Bool
}

/// What an edit did, over all answers of a request.
struct EditProof: Sendable, Encodable, Equatable {
  var vector: String
  var operation: String
  var layer: Int
  var site: String
  var rule: String
  var positions: Int
  var sequences: Int
  /// Along the vector, in units of the residual stream, as measured.
  var meanShift: Double
  var meanAbsoluteShift: Double
  var condition: String?

  init(_ vector: String, _ entry: EditReport.Entry) {
    (self.vector, operation, layer, site) = (vector, entry.operation, entry.layer, entry.site)
    (rule, positions, sequences) = (entry.rule, entry.positions, entry.sequences)
    (meanShift, meanAbsoluteShift, condition) = (entry.meanShift, entry.meanAbsoluteShift, entry.condition)
  }
}
