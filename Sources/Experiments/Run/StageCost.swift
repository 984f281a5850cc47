import LanguageModels
import Steering
import Torch

/// What a stage computes, counted with the model's own tokenizer.
package struct StageCost: Encodable, Sendable {
  package var kind: String
  package var model: String
  package var subject: String
  /// Rows recorded, or items whose activations are read.
  package var prompts = 0
  /// Tokens of given texts that are computed: prompts, and answers to choose between or to contrast, a prefix that the
  /// answers of one prompt share counted once.
  package var givenTokens = 0
  /// Of those, the tokens of answers whose log-probabilities are computed when recording.
  package var scoredTokens = 0
  /// Tokens of the longest prompt that is recorded.
  package var longestPrompt = 0
  /// Tokens that are generated at most.
  package var newTokens = 0
  /// Bytes written.
  package var bytes = 0
  /// Seconds, from the measurement; nil where nothing is computed.
  package var seconds: Double?

  var tokens: Int { givenTokens + newTokens }
}

extension StageCost {
  init(_ stage: some Stage) {
    self.init(kind: type(of: stage).kind, model: stage.model.text, subject: stage.subject)
  }
}

// Counting tokens of prompts and answers without computing anything.

extension ModelEstimate {
  /// Counts the tokens of recording items: each prompt, and its answers once more for the choice between them, where they
  /// differ scored.
  func count(recording items: [Item], in cost: inout StageCost) throws {
    for item in items {
      let (prompt, own) = (try encoder.encode(encoder.prompt(item)).ids.count, try answers(item))
      cost.givenTokens += prompt + own.given
      cost.scoredTokens += own.scored
      cost.longestPrompt = max(cost.longestPrompt, prompt)
    }
  }

  /// Tokens of steering items, at most: each with its answers once unsteered, and from the first edited token on in every
  /// cell of layers and scales. What a cell shares below its layer is not taken off.
  func steering(_ settings: Experiment.SteeringSettings, layers: Int, _ items: [Item]) throws -> Int {
    let cells = (settings.layers?.count ?? layers) * settings.scales.count { $0 != 0 }
    return try items.reduce(0) { sum, item in
      let whole = try answers(item).given
      let prompt = try encoder.encode(encoder.prompt(item)).ids.count
      return sum + whole + cells * max(0, whole - settings.positions.firstEdited(promptLength: prompt))
    }
  }

  /// Tokens of the answers of an item with what stands before them, which is counted once, and those that are scored.
  private func answers(_ item: Item) throws -> (given: Int, scored: Int) {
    guard let matching = item.matchingAnswer else { return (0, 0) }
    return try family(
      ([matching] + item.otherAnswers).map { answer in
        let placed = try encoder.builder.answered(item, with: answer)
        return placed.prefix + placed.answer
      })
  }

  private func family(_ texts: [String]) -> (given: Int, scored: Int) {
    let ids = texts.map { encoder.encode($0).ids }
    let (all, shared) = (ids.reduce(0) { $0 + $1.count }, PackedBatch.commonPrefix(ids))
    return (all - max(0, ids.count - 1) * shared, all - ids.count * shared)
  }

  /// What a vector of a contrast computes.
  func extraction(_ settings: Experiment.VectorSettings, _ items: [Item]) throws -> (given: Int, new: Int) {
    switch settings.contrast {
    case .spontaneous, .texts: return (0, 0)
    case .answers:
      return (
        try items.reduce(0) { sum, item in
          let pair = try encoder.builder.pair(for: item)
          return sum + family([pair.prefix + pair.positive, pair.prefix + pair.negative]).given
        }, 0
      )
    case .instructions:
      let pairs = try settings.recipe.instructed(items, encoder)
      let given = pairs.reduce(0) { $0 + $1.positive.ids.count + $1.negative.ids.count }
      return (given, settings.read == .prompt ? 0 : 2 * items.count * settings.maxTokens)
    case .models:
      return (try 2 * items.reduce(0) { try $0 + encoder.encode(encoder.prompt($1)).ids.count }, 0)
    }
  }
}
