import Torch

/// An edit of one layer by a position rule: what a user asks for, before it meets a sequence.
///
/// Several edits of one place are applied in the order given, each to what the one before left.
public struct SteeringEdit: Sendable {
  public var layer: Int
  public var operation: Edit.Operation
  public var positions: EditPositions
  public var site: Edit.Site
  /// Where there is one, only sequences that pass it are edited: decided at the prompt's last token and remembered for
  /// every token after it.
  public var condition: EditCondition?
  /// The numbers of the prompts that are edited; nil edits all.
  public var sequences: Set<Int>?
  /// The unit vector [hidden] that shifts are measured along (default: the edit's own direction, which for a vector that
  /// is taken away points the other way).
  public var measured: Tensor?

  public init(
    layer: Int, _ operation: Edit.Operation, positions: EditPositions = .all, site: Edit.Site = .blockOutput,
    condition: EditCondition? = nil, sequences: Set<Int>? = nil
  ) {
    self.layer = layer
    self.operation = operation
    self.positions = positions
    self.site = site
    self.condition = condition
    self.sequences = sequences
  }

  /// Whether a token that several sequences share is edited alike for each: only then can it be computed once.
  var treatsSequencesAlike: Bool { condition == nil && sequences == nil }

  func concerns(_ sequence: Int) -> Bool { sequences?.contains(sequence) ?? true }

  /// The edits of a pack of prompts with given continuations: the tokens from a sequence's prompt length on count as
  /// generated. A token that several sequences share must mean the same to each, as a common prefix of their prompts does.
  ///
  /// - Parameter numbers: the number of each of the pack's sequences, which `sequences` speaks of (default: its place).
  package func resolved(sequences batch: PackedBatch, promptLengths: [Int], numbers: [Int]? = nil) -> [Edit] {
    resolve(batch, promptLengths, numbers ?? Array(batch.leaves.indices)).map(\.edit)
  }

  /// The edits of a pack of prompts with given continuations, and for how many sequences each edited token counts.
  func counted(sequences batch: PackedBatch, promptLengths: [Int], numbers: [Int]) -> [ResolvedEdit] {
    resolve(batch, promptLengths, numbers)
  }

  /// The edits of a decoding step.
  ///
  /// - Parameters:
  ///   - indices: the number of the generated token that each slot feeds, counted from 0.
  ///   - admitted: whether the edit applies to the sequence in each slot.
  func resolved(generated indices: [Int], admitted: [Bool]) -> [ResolvedEdit] {
    edits(zip(indices, admitted).map { $1 ? positions.times(generated: $0) : 0 }).map {
      ResolvedEdit(edit: $0.edit, round: $0.round, weights: $0.places.map { _ in 1 })
    }
  }

  private func resolve(_ batch: PackedBatch, _ promptLengths: [Int], _ numbers: [Int]) -> [ResolvedEdit] {
    var times = [Int](repeating: 0, count: batch.tokens.count)
    var weights = times
    var owners = times
    for sequence in batch.leaves.indices where concerns(numbers[sequence]) {
      let prompt = promptLengths[sequence]
      for position in 0..<batch.length(of: sequence) {
        let place = batch.index(of: sequence, position: position)
        times[place] = positions.times(position: position, promptLength: prompt)
        weights[place] += 1
        owners[place] = sequence
      }
    }
    let deciders = batch.leaves.indices.map {
      batch.index(of: $0, position: max(0, min(promptLengths[$0], batch.length(of: $0)) - 1))
    }
    return edits(times, evenIfEmpty: condition != nil).map { edit, round, places in
      var edit = edit
      if let condition {
        edit.tokens = .tokens(places)
        edit.gate = EditGate(condition: condition, deciders: deciders, owners: places.map { owners[$0] })
      }
      return ResolvedEdit(edit: edit, round: round, weights: places.map { weights[$0] })
    }
  }

  /// One edit for each time that a token is changed; `times` is per token of the pass.
  private func edits(_ times: [Int], evenIfEmpty: Bool = false) -> [(edit: Edit, round: Int, places: [Int])] {
    let rounds = max(times.max() ?? 0, evenIfEmpty ? 1 : 0)
    return (0..<rounds).map { round in
      let places = times.indices.filter { times[$0] > round }
      let tokens = places.count == times.count ? TokenChoice.all : .tokens(places)
      var edit = Edit(layer: layer, operation, tokens: tokens, site: site)
      edit.measured = measured
      return (edit, round, places)
    }
  }
}

/// An edit of one pass, and what its report needs to know.
package struct ResolvedEdit {
  package var edit: Edit
  /// 0 for the first time that a token is changed, 1 for the second.
  var round: Int
  /// For how many sequences each token counts, in the order of the edit's tokens: a shared prefix counts for all.
  var weights: [Int]
}
