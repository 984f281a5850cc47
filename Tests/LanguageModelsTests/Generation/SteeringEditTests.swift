import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Edits of every kind at every position rule: exact, alike with and without the cache, batched and alone.
@Suite struct SteeringEditTests {
  enum Kind: String, CaseIterable, Sendable { case add, ablate, set, several }

  private let model: LanguageModel
  private let prompts: [[Int]]
  private let vector: Tensor  // norm 2
  private let unit: Tensor

  init() throws {
    let golden = GoldenModel(directory: Fixtures.file("models/tiny-llama"))
    let file = try golden.golden()
    model = try LanguageModel.load(golden.directory, dtype: .float32)
    prompts = try golden.prompts(file)
    vector = try file.tensor("steer.vector")
    unit = try file.tensor("ablate.direction")
  }

  private func edits(_ kind: Kind, _ rule: EditPositions) throws -> [SteeringEdit] {
    switch kind {
    case .add: return [SteeringEdit(layer: 1, .add(try vector * 4), positions: rule)]
    case .ablate: return (0..<4).map { SteeringEdit(layer: $0, .ablate(unit), positions: rule) }
    case .set: return [SteeringEdit(layer: 1, .setProjection(unit, 6), positions: rule)]
    case .several:
      return [
        SteeringEdit(layer: 1, .setProjection(unit, 6), positions: rule),
        SteeringEdit(layer: 1, .add(try vector * 3), positions: .fromPromptEnd),
        SteeringEdit(layer: 2, .ablate(unit), positions: rule, site: .afterAttention),
      ]
    }
  }

  private func generate(
    _ prompts: [[Int]], _ edits: [SteeringEdit], tokens: Int = 6, slots: Int? = nil
  ) throws -> (tokens: [[Int]], report: EditReport) {
    var options = GenerationOptions(maxTokens: tokens)
    options.edits = edits
    if let slots {
      let longest = prompts.map(\.count).max() ?? 0
      options.cacheBudget =
        slots * KeyValueCache.byteCount(model.configuration, tokens: longest + tokens, dtype: .float32)
    }
    var found: [Int: [Int]] = [:]
    let report = try Generator.run(model, prompts: prompts, options: options) { found[$0] = $1.tokens }
    return (prompts.indices.map { found[$0] ?? [] }, report)
  }

  /// The greedy tokens that passes over whole sequences give, without a cache.
  private func withoutCache(_ prompt: [Int], _ edits: [SteeringEdit], tokens: Int = 6) throws -> [Int] {
    var sequence = prompt
    for _ in 0..<tokens {
      let batch = PackedBatch([sequence])
      let resolved = edits.flatMap { $0.resolved(sequences: batch, promptLengths: [prompt.count]) }
      let logits = try model.forward(batch, edits: resolved, logits: .tokens([sequence.count - 1])).logits
      sequence.append(try #require(logits).argmax(-1).integers()[0])
    }
    return Array(sequence[prompt.count...])
  }

  @Test(
    "Every edit at every rule gives the tokens of passes without a cache, batched and alone",
    arguments: Kind.allCases, EditPositions.allCases)
  func cachedAndBatched(_ kind: Kind, _ rule: EditPositions) throws {
    let edits = try edits(kind, rule)
    let expected = try prompts.map { try withoutCache($0, edits) }
    for slots in [1, 2, prompts.count] {
      #expect(try generate(prompts, edits, slots: slots).tokens == expected, "\(slots) together")
    }
    // Of one token of these prompts, the direction's component is too small to turn a choice.
    let turns = kind != .ablate || rule != .firstGenerated
    #expect(try (expected != generate(prompts, []).tokens) == turns, "the edit changes some continuation")
  }

  @Test("A projection that is set is what the stream has, and the measured shift is what was missing")
  func setsProjections() throws {
    let batch = PackedBatch([prompts[2]])
    let before = try #require(try model.forward(batch, taps: Taps(layers: [1])).residuals[1]).matmul(unit).doubles()
    let output = try model.forward(
      batch, taps: Taps(layers: [1]), edits: [Edit(layer: 1, .setProjection(unit, 2.5))])
    let after = try #require(output.residuals[1]).matmul(unit).doubles()
    let shifts = try #require(output.effects[0].shifts).doubles()
    for index in before.indices {
      #expect(abs(after[index] - 2.5) < 1e-4)
      #expect(abs(shifts[index] - (2.5 - before[index])) < 1e-4)
    }
  }

  @Test("Edits of a layer apply in the order given, each to what the one before left")
  func order() throws {
    func projection(_ operations: [Edit.Operation]) throws -> Double {
      let edits = operations.map { Edit(layer: 2, $0) }
      let output = try model.forward(PackedBatch([prompts[1]]), taps: Taps(layers: [2]), edits: edits)
      return try #require(output.residuals[2]).matmul(unit)[0].scalar()
    }
    let added = Edit.Operation.add(try unit * 3)
    #expect(abs(try projection([added, .ablate(unit)])) < 1e-4)
    #expect(abs(try projection([.ablate(unit), added]) - 3) < 1e-4)
    #expect(abs(try projection([.setProjection(unit, 5), added, added]) - 11) < 1e-4)
  }

  // MARK: Conditions

  /// The projection of each prompt's last token on the unit vector at a layer.
  private func projections(layer: Int) throws -> [Double] {
    try prompts.map { prompt in
      let output = try model.forward(
        PackedBatch([prompt]), taps: Taps(layers: [layer], tokens: .tokens([prompt.count - 1])))
      return try #require(output.residuals[layer]).matmul(unit).scalar()
    }
  }

  @Test(
    "A conditional edit changes the sequences whose prompt passes, through to the last token, and no other",
    arguments: EditPositions.allCases, [EditCondition.Side.above, .below])
  func conditions(_ rule: EditPositions, _ side: EditCondition.Side) throws {
    let projections = try projections(layer: 1)
    let sorted = projections.sorted()
    let threshold = (sorted[1] + sorted[2]) / 2
    let condition = EditCondition(layer: 1, direction: unit, side, threshold)
    let edit = SteeringEdit(layer: 2, .add(try vector * 6), positions: rule, condition: condition)
    var unconditional = edit
    unconditional.condition = nil
    let plain = try prompts.map { try withoutCache($0, []) }
    let edited = try prompts.map { try withoutCache($0, [unconditional]) }
    let passes = projections.map { side == .above ? $0 > threshold : $0 < threshold }
    let expected = prompts.indices.map { passes[$0] ? edited[$0] : plain[$0] }
    for slots in [1, 2, prompts.count] {
      let (tokens, report) = try generate(prompts, [edit], slots: slots)
      #expect(tokens == expected, "\(slots) together")
      #expect(report.entries[0].sequences == passes.count { $0 } && report.entries[0].asked == prompts.count)
      #expect(abs(try #require(report.entries[0].lowestProjection) - sorted[0]) < 1e-4)
    }
    #expect(try prompts.map { try withoutCache($0, [edit]) } == expected)
  }

  @Test("A condition is read before the edits of its own place")
  func conditionsSeeTheUneditedStream() throws {
    let projection = try projections(layer: 1)[1]
    let condition = EditCondition(layer: 1, direction: unit, .above, projection - 1)
    let first = SteeringEdit(layer: 1, .add(try unit * -100))
    let second = SteeringEdit(layer: 1, .add(try vector * 4), condition: condition)
    let report = try generate([prompts[1]], [first, second]).report
    #expect(report.entries[1].sequences == 1)
    #expect(abs(try #require(report.entries[1].lowestProjection) - projection) < 1e-4)
  }

  @Test("A condition that is read after its edit is refused")
  func lateConditions() throws {
    let condition = EditCondition(layer: 3, direction: unit, .above, 0)
    let edit = SteeringEdit(layer: 1, .ablate(unit), condition: condition)
    #expect { try generate(prompts, [edit]) } throws: { "\($0)".contains("comes too late for an edit at layer 1") }
  }

  @Test("Edits of some sequences leave the others alone, even where all have the same prompt")
  func someSequences() throws {
    let long = prompts[3]
    let plus = SteeringEdit(layer: 1, .add(try vector * 4), sequences: [1])
    let minus = SteeringEdit(layer: 1, .add(try vector * -4), sequences: [2])
    let (tokens, report) = try generate([long, long, long], [plus, minus])
    let expected = try [[], [try vector * 4], [try vector * -4]].map { vectors in
      try withoutCache(long, vectors.map { SteeringEdit(layer: 1, .add($0)) })
    }
    #expect(long.count >= 32 && tokens == expected)
    #expect(report.entries.map(\.sequences) == [1, 1])
    #expect(abs(report.entries[0].meanShift - 8) < 1e-3 && abs(report.entries[1].meanShift - 8) < 1e-3)
  }
}
