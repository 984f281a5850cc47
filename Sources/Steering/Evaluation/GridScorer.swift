import Foundations
import LanguageModels
import Torch

/// Token sequences that share a prompt, and from where on their tokens are scored.
package struct ScoredFamily: Sendable {
  /// Each of at least `scoredFrom` + 1 tokens.
  package var sequences: [[Int]]
  /// Tokens from here on count as generated, for the rules of edit positions.
  package var promptLength: Int
  /// The first position whose token is scored; at least 1, and within what all sequences and the prompt share.
  package var scoredFrom: Int

  package init(sequences: [[Int]], promptLength: Int, scoredFrom: Int) {
    (self.sequences, self.promptLength, self.scoredFrom) = (sequences, promptLength, scoredFrom)
  }

  /// What the model reads: all tokens but the last of each, which nothing is predicted from.
  var inputs: [[Int]] { sequences.map { Array($0.dropLast()) } }
}

/// What the edits of a grid's cell did: tokens changed and how far along what was added (for a negative scale, along minus
/// the vector) or removed, measured after rounding.
public struct CellEffect: Sendable, Equatable {
  public var positions = 0
  var shiftSum = 0.0
  /// In units of the residual stream; 0 where nothing was edited.
  public var meanShift: Double { positions == 0 ? 0 : shiftSum / Double(positions) }

  mutating func add(_ effect: EditEffect, countingPositions: Bool) throws {
    guard let shifts = effect.shifts else { return }
    if countingPositions { positions += effect.tokens }
    shiftSum += try shifts.converted(to: .float64).sum().scalar()
  }
}

/// Arithmetic of a grid in token-layers: one token through one decoder block, the last block counted whole.
public struct GridCost: Sendable, Equatable {
  public var computed = 0
  /// What one pass over the same texts costs without any edit.
  public var onePass = 0
  public var ratio: Double { onePass == 0 ? 0 : Double(computed) / Double(onePass) }
  /// Tokens whose logits were computed, and those of one pass.
  package var logits = 0
  package var onePassLogits = 0

  package init() {}

  /// Parameters x tokens computed, of decoder blocks and output head, over those of one unedited pass; 0 for no texts.
  package func parameterRatio(_ model: ModelConfiguration) -> Double {
    func parameters(_ tokenLayers: Int, _ logits: Int) -> Double {
      Double(tokenLayers) * Double(model.blockParameters) + Double(logits) * Double(model.headParameters)
    }
    return onePass == 0 ? 0 : parameters(computed, logits) / parameters(onePass, onePassLogits)
  }
}

package struct GridScores: Sendable {
  /// log p in nats by cell, family, sequence and scored token.
  package var logProbabilities: [[[[Double]]]]
  package var effects: [CellEffect]
  package var cost: GridCost
}

/// Scores the same texts under many edits, each text's prefix computed once for the whole grid.
///
/// Cells whose edits begin at the prompt's end branch off one pass: the prompt before the first edited token is shared by
/// all, and each cell computes only its own few tokens after it. Cells that edit the prompt itself go on from the unedited
/// pass's residual stream at their first layer, so that the blocks up to there run once.
package struct GridScorer {
  private let model: LanguageModel
  private let tokenBudget: Int

  package init(_ model: LanguageModel, tokenBudget: Int = 8192) {
    self.model = model
    self.tokenBudget = tokenBudget
  }

  package func score(
    _ families: [ScoredFamily], cells: [GridCell], onProgress: (Int) -> Void = { _ in }
  ) throws -> GridScores {
    try model.check(layers: cells.flatMap { $0.edits.map(\.layer) })
    var scores = GridScores(
      logProbabilities: cells.map { _ in families.map { _ in [] } }, effects: cells.map { _ in CellEffect() },
      cost: GridCost())
    scores.cost.onePass = families.reduce(0) { $0 + PackedBatch(families: [$1.inputs]).tokens.count } * layerCount
    scores.cost.onePassLogits = families.reduce(0) { total, family in
      family.sequences.reduce(total) { $0 + $1.count - family.scoredFrom }
    }
    let branching = cells.indices.filter { Self.branches(cells[$0], families) }
    let resuming = cells.indices.filter { !branching.contains($0) && !cells[$0].edits.isEmpty }
    let unsteered = cells.indices.filter { cells[$0].edits.isEmpty }
    var done = 0
    if !branching.isEmpty {
      // Without others to share a pass with, the unedited model is one more branch.
      let own = (resuming.isEmpty ? unsteered : []) + branching
      for chunk in chunks(families, copies: own.count) {
        try branch(chunk, families, own, cells, &scores)
        done += chunk.count
        onProgress(done)
      }
    }
    if branching.isEmpty || !resuming.isEmpty {
      done = 0
      for chunk in chunks(families, copies: 1) {
        try resume(chunk, families, unsteered, resuming, cells, &scores)
        done += chunk.count
        onProgress(done)
      }
    }
    try Self.refuseIdle(cells, scores.effects)
    return scores
  }

  private var layerCount: Int { model.configuration.layerCount }

  /// Whether all edits of a cell begin where some of the prompt is left to be shared.
  private static func branches(_ cell: GridCell, _ families: [ScoredFamily]) -> Bool {
    !cell.edits.isEmpty
      && families.allSatisfy {
        cell.firstEdited(promptLength: $0.promptLength) > 0 && min($0.promptLength, $0.scoredFrom) > 1
      }
  }

  private static func refuseIdle(_ cells: [GridCell], _ effects: [CellEffect]) throws(TelltaleError) {
    for (cell, effect) in zip(cells, effects) where !cell.edits.isEmpty && effect.positions == 0 {
      throw TelltaleError(
        .badInput,
        "the edit at layer \(cell.layer ?? 0) touched nothing: no scored text has a token that "
          + "\"\(cell.positions?.rawValue ?? "")\" names and a later one is predicted from; choose other edit positions"
      )
    }
  }

  /// Families together by length, as many as the budgets of tokens and of logits allow.
  private func chunks(_ families: [ScoredFamily], copies: Int) -> [[Int]] {
    let order = families.indices.sorted {
      ((families[$0].sequences.first?.count ?? 0), $0) < ((families[$1].sequences.first?.count ?? 0), $1)
    }.filter { !families[$0].sequences.isEmpty }
    let logitsPerToken = ScoredTokens.cost(vocabulary: model.configuration.vocabularySize, tokenBudget: tokenBudget)
    return order.pieces(within: tokenBudget) { index in
      let family = families[index]
      let scored = family.sequences.reduce(0) { $0 + $1.count - family.scoredFrom } * copies
      let tokens = family.sequences.reduce(family.scoredFrom) { $0 + ($1.count - family.scoredFrom + 1) * copies }
      return max(tokens, scored * logitsPerToken)
    }
  }

  // MARK: Branches of one pass

  private func branch(
    _ chunk: [Int], _ families: [ScoredFamily], _ own: [Int], _ cells: [GridCell], _ scores: inout GridScores
  ) throws {
    var packed: [(prefix: [Int], tails: [[Int]])] = []
    var promptLengths: [Int] = []
    var sequencesOfCell = own.map { _ in Set<Int>() }
    for family in chunk.map({ families[$0] }) {
      // The last token that all read alike is left to the branches: it is where edits may begin.
      let split = min(family.scoredFrom, family.promptLength) - 1
      let tails = family.inputs.map { Array($0[split...]) }
      for cell in own.indices {
        sequencesOfCell[cell].formUnion(promptLengths.count..<promptLengths.count + tails.count)
        promptLengths += tails.map { _ in family.promptLength }
      }
      packed.append((Array(family.inputs[0][..<split]), own.flatMap { _ in tails }))
    }
    let batch = PackedBatch(branches: packed)
    var edits: [(cell: Int, first: Bool, edit: Edit)] = []
    for (place, cell) in own.enumerated() {
      for var edit in cells[cell].edits {
        edit.sequences = sequencesOfCell[place]
        edits += edit.resolved(sequences: batch, promptLengths: promptLengths).enumerated().map { (cell, $0 == 0, $1) }
      }
    }
    let targets = ScoredTokens(chunk.flatMap { index in own.map { _ in families[index] } }, batch)
    let output = try model.forward(batch, edits: edits.map(\.edit), logits: .tokens(targets.places))
    scores.cost.computed += batch.tokens.count * layerCount
    scores.cost.logits += targets.places.count
    for ((cell, first, _), effect) in zip(edits, output.effects) {
      try scores.effects[cell].add(effect, countingPositions: first)
    }
    var results = try targets.logProbabilities(output.logits, model.device)[...]
    for family in chunk {
      for cell in own { scores.logProbabilities[cell][family] = results.removeFirst() }
    }
  }

  // MARK: Passes resumed from a layer

  private func resume(
    _ chunk: [Int], _ families: [ScoredFamily], _ unsteered: [Int], _ resuming: [Int], _ cells: [GridCell],
    _ scores: inout GridScores
  ) throws {
    let own = chunk.map { families[$0] }
    let batch = PackedBatch(families: own.map(\.inputs))
    let promptLengths = own.flatMap { family in family.sequences.map { _ in family.promptLength } }
    let targets = ScoredTokens(own, batch)
    let layers = Set(resuming.compactMap { cells[$0].layer }).sorted()
    let plain = try model.forward(batch, taps: Taps(layers: layers), logits: .tokens(targets.places))
    scores.cost.computed += batch.tokens.count * layerCount
    scores.cost.logits += targets.places.count
    let unedited = try targets.logProbabilities(plain.logits, model.device)
    for cell in unsteered {
      for (family, result) in zip(chunk, unedited) { scores.logProbabilities[cell][family] = result }
    }
    for cell in resuming {
      guard let layer = cells[cell].layer, let stream = plain.residuals[layer] else { continue }
      let edits = cells[cell].edits.flatMap { edit in
        edit.resolved(sequences: batch, promptLengths: promptLengths).enumerated().map { ($0 == 0, $1) }
      }
      let here = edits.filter { $0.1.layer == layer }
      let later = edits.filter { $0.1.layer != layer }
      let (edited, effects) = try model.edited(stream, after: layer, here.map(\.1))
      let rest = try model.resume(
        batch, from: edited, after: layer, edits: later.map(\.1), logits: .tokens(targets.places))
      scores.cost.computed += batch.tokens.count * (layerCount - 1 - layer)
      scores.cost.logits += targets.places.count
      for ((first, _), effect) in zip(here + later, effects + rest.effects) {
        try scores.effects[cell].add(effect, countingPositions: first)
      }
      for (family, result) in zip(chunk, try targets.logProbabilities(rest.logits, model.device)) {
        scores.logProbabilities[cell][family] = result
      }
    }
  }
}
