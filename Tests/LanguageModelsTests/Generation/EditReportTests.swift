import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// The proof of steering: counts by the rule, shifts as measured, and a refusal where nothing was touched.
@Suite struct EditReportTests {
  private let golden = GoldenModel(directory: Fixtures.file("models/tiny-llama"))
  private let prompts: [[Int]]
  private let vector: Tensor  // norm 2
  private let unit: Tensor

  init() throws {
    let file = try golden.golden()
    prompts = try golden.prompts(file)
    vector = try file.tensor("steer.vector")
    unit = try file.tensor("ablate.direction")
  }

  private func report(
    _ edits: [SteeringEdit], prompts: [[Int]]? = nil, tokens: Int = 5, dtype: DType = .float32, slots: Int? = nil
  ) throws -> EditReport {
    let model = try LanguageModel.load(golden.directory, dtype: dtype)
    let prompts = prompts ?? self.prompts
    var options = GenerationOptions(maxTokens: tokens)
    options.edits = edits
    if slots == 1 { options.cacheBudget = 1 }
    return try Generator.run(model, prompts: prompts, options: options) { _, _ in }
  }

  @Test(
    "Positions are those of the rule and the mean shift is the length added, in any batch",
    arguments: EditPositions.allCases)
  func countsAndShifts(_ rule: EditPositions) throws {
    let edit = SteeringEdit(layer: 1, .add(try vector * 4), positions: rule)
    // The fifth token is the last and is not fed again.
    let fed = 4
    let prompted = prompts.map(\.count).reduce(0, +)
    let (positions, shift): (Int, Double) =
      switch rule {
      case .all: (prompted + fed * prompts.count, 8)
      case .fromPromptEnd: ((1 + fed) * prompts.count, 8)
      case .generated: (fed * prompts.count, 8)
      case .prompt: (prompted, 8)
      case .firstGenerated: (prompts.count, 8)
      case .legacyDouble:
        (
          prompted + fed * prompts.count,
          Double(8 * prompted + 16 * fed * prompts.count) / Double(prompted + fed * prompts.count)
        )
      }
    for slots in [1, nil] {
      let entry = try report([edit], slots: slots).entries[0]
      #expect(entry.positions == positions && entry.sequences == prompts.count)
      #expect(abs(entry.meanShift - shift) < 1e-3 && abs(entry.meanAbsoluteShift - shift) < 1e-3)
      #expect(entry.layer == 1 && entry.operation == "add" && entry.rule == rule.rawValue)
    }
  }

  @Test("A prefix that sequences share and that is computed once counts for each of them")
  func sharedPrefixes() throws {
    let base = try #require(prompts.max { $0.count < $1.count })
    let sequences = [base + [5, 6, 7], base + [8, 9], base + [10]]
    let edits = [SteeringEdit(layer: 3, .ablate(unit)), SteeringEdit(layer: 0, .add(vector), positions: .prompt)]
    let (together, alone) = (try report(edits, prompts: sequences), try report(edits, prompts: sequences, slots: 1))
    #expect(base.count >= 32)
    for (a, b) in zip(together.entries, alone.entries) {
      #expect(a.positions == b.positions && a.sequences == b.sequences)
      #expect(abs(a.meanShift - b.meanShift) < 1e-4 && abs(a.meanAbsoluteShift - b.meanAbsoluteShift) < 1e-4)
    }
    #expect(together.entries[1].positions == sequences.map(\.count).reduce(0, +))
  }

  @Test("In bfloat16 the shift is measured after rounding, near what was added and not equal to it")
  func measuresRounding() throws {
    let entry = try report([SteeringEdit(layer: 2, .add(vector))], dtype: .bfloat16).entries[0]
    #expect(abs(entry.meanShift - 2) < 0.05 && entry.meanShift != 2)
  }

  private func refusal(_ report: EditReport) -> String {
    do {
      try report.requireEffect()
      return ""
    } catch {
      #expect(error.isBadInput)
      return error.description
    }
  }

  @Test("An edit of generated positions where no token was fed again is refused with the reason")
  func nothingGenerated() throws {
    for rule in [EditPositions.generated, .firstGenerated] {
      let text = refusal(try report([SteeringEdit(layer: 1, .add(vector), positions: rule)], tokens: 1))
      #expect(text.contains("touched nothing") && text.contains("no generated token was fed"))
    }
    #expect(refusal(try report([SteeringEdit(layer: 1, .add(vector), positions: .fromPromptEnd)], tokens: 1)).isEmpty)
  }

  @Test("A condition that no prompt meets is refused with the projections that were seen")
  func conditionNeverMet() throws {
    let condition = EditCondition(layer: 1, direction: unit, .above, 1e6)
    let report = try report([SteeringEdit(layer: 1, .ablate(unit), condition: condition)])
    #expect(refusal(report).contains("no prompt had a projection at layer 1 above 1000000.0 (they lay between"))
    #expect(throws: Never.self) { try report.requireEffect(conditional: false) }
  }

  @Test("An addition that rounding swallowed is refused, and adding zeros is not")
  func swallowed() throws {
    let small = try report([SteeringEdit(layer: 2, .add(try vector * 1e-20))], dtype: .bfloat16)
    #expect(refusal(small).contains("lost in rounding"))
    #expect(refusal(try report([SteeringEdit(layer: 2, .add(try vector * 0))])).isEmpty)
  }

  @Test("Reports of parts of a run add up")
  func merging() throws {
    let edit = SteeringEdit(layer: 1, .ablate(unit))
    var sum = try report([edit], prompts: Array(prompts[..<2]))
    sum.merge(try report([edit], prompts: Array(prompts[2...])))
    let whole = try report([edit])
    #expect(sum.entries[0].positions == whole.entries[0].positions && sum.entries[0].sequences == 4)
    #expect(abs(sum.entries[0].meanShift - whole.entries[0].meanShift) < 1e-4)
  }
}
