import Foundations
import TestSupport
import Testing
import Torch

@testable import Steering

/// The vector that fine-tuning makes, and the shift along a given one, by hand.
@Suite struct FinetuneDifferenceTests {
  @Test("The vector is the mean difference of the two models' activations")
  func isTheMeanDifference() throws {
    // Two prompts, one layer, width 2: differences (1, 2) and (3, 0).
    let behaviour = try Tensor([Float(1), 3, 4, 1], shape: [2, 1, 2])
    let opposite = try Tensor([Float(0), 1, 1, 1], shape: [2, 1, 2])
    let made = try VectorExtraction(VectorRecipe(.models, against: "other"), layers: [7], seed: 0).compared(
      "difference"
    ) {
      try $0.run([behaviour, opposite], groups: ["a", "b"], ifZero: "")
    }
    #expect(made.vectors.layers == [7: [2, 1]])
    #expect(made.vectors.provenance.contrast == "models" && made.vectors.provenance.read == "prompt")
    #expect(try made.pairs?.differences.floats() == [1, 2, 3, 0] && made.pairs?.groups == ["a", "b"])
  }

  @Test("Models with the same activations give no vector")
  func refusesEqualModels() throws {
    let same = try Tensor([Float(1), 2], shape: [1, 1, 2])
    let extraction = VectorExtraction(try VectorRecipe(.models, against: "other"), layers: [0], seed: 0)
    #expect(message { _ = try extraction.run([same, same], groups: ["a"], ifZero: "equal") } == "equal")
  }

  private func recording(_ streams: [Float], margins: [Double]) throws -> Recording {
    let rows = margins.enumerated().map { index, margin in
      var row = RecordedRow(
        id: "r#\(index)", group: "q\(index)", question: "", source: "r", row: index, prompt: "", continuation: "",
        end: "length", labelSource: .forcedChoice, promptTokens: 1, promptToken: 0, promptTokenText: "")
      (row.logitDifference, row.label) = (margin, margin > 0 ? 1 : 0)
      return row
    }
    return Recording(
      rows: rows, layers: [0], activations: [.prompt: try Tensor(streams, shape: [margins.count, 1, 3])])
  }

  @Test("The shift is the difference of projections on the unit vector, in the vector's direction")
  func shiftsAlongTheVector() throws {
    // The given vector is (2, 0, 0). Activations move by 1, 2 and 3 along it, and by nothing aside.
    let base = try recording([0, 1, 0, 0, -1, 0, 0, 0, 1], margins: [-1, -1, -1])
    let tuned = try recording([1, 1, 0, 2, -1, 0, 3, 0, 1], margins: [0.5, 1, 4])
    let given = SteeringVectors(layers: [0: [2, 0, 0]], provenance: VectorProvenance())
    let set = ChainRecordings(set: "in", base: base, behaviour: tuned, opposite: base)
    let shift = try ProjectionShift(
      set, set.tuned[0], ShiftNull(base, given, layer: 0, seed: 1), seed: 1)
    #expect(shift.items.map(\.shift) == [1, 2, 3])
    #expect(shift.items.map(\.marginChange) == [1.5, 2, 5])
    #expect(shift.shift.value == 2 && shift.inVectors == 1)
    #expect(abs((shift.spearman?.value ?? 0) - 1) < 1e-12)
    #expect(abs(shift.nullP - 1.0 / 1001) < 1e-12, "no direction aside moved")
    #expect(set.rates.map(\.rate.value) == [0, 1, 0] && set.rates.map(\.change.value) == [0, 1, 0])
  }

  @Test("A shift along the vector that other directions share is not special")
  func nullCountsOtherDirections() throws {
    let base = try recording([0, 5, 0, 0, -5, 0, 0, 0, 0.001], margins: [-1, -1, -1])
    let tuned = try recording([1, 9, 0, 1, -1, 0, 1, 4, 0.001], margins: [1, 1, 1])
    let given = SteeringVectors(layers: [0: [1, 0, 0]], provenance: VectorProvenance())
    let set = ChainRecordings(set: "in", base: base, behaviour: tuned, opposite: base)
    // Activations vary along the second axis, and there the shift is 4 against 1 along the vector.
    let shift = try ProjectionShift(set, set.tuned[0], ShiftNull(base, given, layer: 0, seed: 1), seed: 1)
    #expect(shift.nullP > 0.9)
  }
}
