import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers
import Torch

/// One answer while the model works on it.
struct RunningAnswer {
  let number: Int
  private let prompt: [Int]
  private let task: GenerationTask
  private let monitor: Monitor?
  private var text: AnswerText
  private var tokens: [Int] = []
  /// By scorer.
  private var promptScores: [[Double?]]
  private var answerScores: [[Double?]]
  private var hasReadPrompt = false
  private var reading: MonitorReading?
  /// Whether a stop string ended it while the stream of its last token is still to come.
  private(set) var awaitsStream = false

  init(_ number: Int, of task: GenerationTask, _ tokenizer: Tokenizer, monitor: Monitor?) {
    (self.number, self.task, self.monitor) = (number, task, monitor)
    prompt = task.prompts[number / task.choices]
    text = AnswerText(tokenizer.makeStreamingDecoder(skipSpecialTokens: true), stops: task.stops)
    promptScores = task.scores.map { _ in [] }
    answerScores = promptScores
    if task.continuesText, !task.echoes { text.follow(prompt) }
  }

  var isStopped: Bool { text.isStopped }

  /// What is told before the first token.
  mutating func begin() -> AnswerPiece {
    guard task.echoes, task.alternatives == nil else { return AnswerPiece() }
    return text.echo(prompt.map { DecodedToken(token: $0) })
  }

  mutating func scored(_ prompt: [DecodedToken]) -> AnswerPiece { text.echo(prompt) }

  mutating func append(_ token: DecodedToken) -> AnswerPiece {
    tokens.append(token.token)
    let piece = text.append(token)
    awaitsStream = text.isStopped && !task.scores.isEmpty
    return piece
  }

  mutating func finishText() -> AnswerPiece { text.finish() }

  mutating func read(_ streams: [Int: Tensor]) throws {
    awaitsStream = false
    for (index, scorer) in task.scores.enumerated() {
      guard let stream = streams[scorer.layer], hasReadPrompt || scorer.tokens == .all else { continue }
      let shown = try scorer.scores(stream).map { $0.isFinite ? $0 : nil }
      if hasReadPrompt { answerScores[index] += shown } else { promptScores[index] = shown }
    }
    hasReadPrompt = true
  }

  mutating func readEnd(_ streams: [Int: Tensor]) throws {
    guard let monitor else { return }
    let logOdds = try monitor.logOdds(of: streams)
    reading = MonitorReading(
      name: monitor.card.name, probability: 1 / (1 + Foundation.exp(-logOdds)),
      flagged: logOdds >= monitor.card.threshold.value)
  }

  func finished(_ end: Generation.End?) -> FinishedAnswer {
    let scores = task.scores.indices.map { index in
      let scorer = task.scores[index]
      return ScoredTokens(
        vector: scorer.vector, layer: scorer.layer, score: scorer.kind.rawValue, prompt: promptScores[index],
        answer: answerScores[index])
    }
    return FinishedAnswer(
      reason: isStopped || end == .stopToken ? .stop : .length, tokens: tokens.count, scores: scores,
      scoredPrompt: task.scores.contains { $0.tokens == .all } ? prompt : [],
      scoredAnswer: task.scores.isEmpty ? [] : tokens, monitor: reading)
  }
}
