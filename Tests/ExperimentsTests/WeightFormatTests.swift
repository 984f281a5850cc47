import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

struct WeightFormatTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func plan(_ weights: String) throws -> PlannedRun {
    let text = """
      name: weights
      models: [organism-split]
      datasets:
        opinions: {organism: opinions, take: 96, seed: 1}
        facts: {organism: facts, take: 96, seed: 2}
      vectors:
        - {name: v, contrast: answers, dataset: opinions}
      predictions:
        - {vectors: [v], targets: [facts]}
      \(weights)
      """
    return try PlannedRun(file: folder.write(text, to: "experiment.yaml"), device: .cpu)
  }

  @Test("Every stage of int8 weights is another than that of dense ones, which need not be said")
  func everyStageInt8() throws {
    let (unsaid, dense, int8) = try (plan(""), plan("weights: dense"), plan("weights: int8"))
    #expect(unsaid.experiment.weights == .dense && int8.experiment.weights == .int8)
    #expect(unsaid.lasting.map(\.hash) == dense.lasting.map(\.hash))
    #expect(!unsaid.lasting.isEmpty)
    for (stage, other) in zip(dense.lasting, int8.lasting) {
      #expect(stage.name == other.name && stage.hash != other.hash, "\(stage.name)")
      #expect(other.stage is CompareStage || other.inputs["weights"] == "int8")
    }
    let loaded = try int8.load("organism-split")
    #expect(loaded.model.hasInt8Weights)
  }

  @Test("Weights of no known format are refused with the line")
  func weightsKnownFormat() throws {
    let error = try #require(throws: TelltaleError.self) { try plan("weights: int3") }
    #expect("\(error)".contains("weights") && "\(error)".contains("10"))
  }
}
