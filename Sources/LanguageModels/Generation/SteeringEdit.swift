import Torch

/// Which tokens of a prompt and its continuation an edit changes. The rule is resolved for every sequence by itself.
public enum EditPositions: String, Sendable, CaseIterable {
  case all
  /// The last prompt token and every later one.
  case fromPromptEnd = "from-prompt-end"
  /// Every token after the prompt.
  case generated
  /// The prompt's tokens only.
  case prompt
  /// Only the first generated token.
  case firstGenerated = "first-generated"
  /// As LM-exp did it: once on the prompt, twice after it.
  case legacyDouble = "legacy-double"

  /// How often the edit is applied to prompt token `position` of `length`.
  func times(promptPosition position: Int, of length: Int) -> Int {
    switch self {
    case .all, .prompt, .legacyDouble: 1
    case .fromPromptEnd: position == length - 1 ? 1 : 0
    case .generated, .firstGenerated: 0
    }
  }

  /// How often the edit is applied to the generated token number `index`, counted from 0.
  func times(generated index: Int) -> Int {
    switch self {
    case .all, .fromPromptEnd, .generated: 1
    case .prompt: 0
    case .firstGenerated: index == 0 ? 1 : 0
    case .legacyDouble: 2
    }
  }
}

/// An edit of one layer by a position rule: what a user asks for, before it meets a sequence.
public struct SteeringEdit: Sendable {
  public var layer: Int
  public var operation: Edit.Operation
  public var positions: EditPositions

  public init(layer: Int, _ operation: Edit.Operation, positions: EditPositions = .all) {
    self.layer = layer
    self.operation = operation
    self.positions = positions
  }

  /// The edits of a pack of whole prompts.
  func resolved(prompts batch: PackedBatch) -> [Edit] {
    resolved(sequences: batch, promptLengths: batch.leaves.indices.map(batch.length(of:)))
  }

  /// The edits of a pack of prompts with given continuations: the tokens from a sequence's prompt length on count as
  /// generated. A token that several sequences share must mean the same to each, as a common prefix of their prompts does.
  package func resolved(sequences batch: PackedBatch, promptLengths: [Int]) -> [Edit] {
    var times = [Int](repeating: 0, count: batch.tokens.count)
    for sequence in batch.leaves.indices {
      for position in 0..<batch.length(of: sequence) {
        let prompt = promptLengths[sequence]
        times[batch.index(of: sequence, position: position)] =
          position < prompt
          ? positions.times(promptPosition: position, of: prompt) : positions.times(generated: position - prompt)
      }
    }
    return edits(times)
  }

  /// The edits of a decoding step, whose slots are at generated token number `indices`.
  func resolved(generated indices: [Int]) -> [Edit] { edits(indices.map(positions.times(generated:))) }

  /// One edit for each time that a token is changed; `times` is per token of the pass.
  private func edits(_ times: [Int]) -> [Edit] {
    (0..<(times.max() ?? 0)).map { round in
      let places = times.indices.filter { times[$0] > round }
      return Edit(layer: layer, operation, tokens: places.count == times.count ? .all : .tokens(places))
    }
  }
}
