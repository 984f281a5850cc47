import Foundation
import Foundations
import Steering
import Testing

@testable import Experiments

@Suite("Grids, steering and studies are read strictly")
struct VectorGridTests {
  static let valid = """
    name: grid
    models: [some-model]
    datasets:
      train: {files: [a.jsonl]}
      choice: {files: [b.jsonl]}
      test: {files: [c.jsonl]}
    grids:
      - contrasts: [answers, spontaneous]
        estimators: [mean, pca]
        datasets: [train]
        pairs: [8, 16]
        reads: [prompt, continuation]
    predictions:
      - {targets: [test], positions: [prompt]}
    steering: {targets: [test], scales: [-1, 1]}
    study: {choose-layer: choice, in: test}
    """

  @Test("A grid makes every combination that can exist, named by its parts, contrast first")
  func expansion() throws {
    let experiment = try ExperimentFile.parse(Self.valid, file: "x.yaml")
    #expect(
      experiment.vectors.map(\.name) == [
        "answers-mean-train-8-continuation", "answers-mean-train-16-continuation",
        "answers-pca-train-8-continuation", "answers-pca-train-16-continuation",
        "spontaneous-mean-train-8-prompt", "spontaneous-mean-train-8-continuation", "spontaneous-mean-train-16-prompt",
        "spontaneous-mean-train-16-continuation",
      ])
    let last = try #require(experiment.vectors.last)
    #expect(last.contrast == .spontaneous && last.estimator == .mean && last.pairs == 16 && last.read == .continuation)
  }

  @Test("Combinations that cannot exist are counted with their reason")
  func impossible() throws {
    let sentences = try ExperimentFile.parse(Self.valid, file: "x.yaml").impossibleVectors
    #expect(sentences.count == 2)
    #expect(sentences[0].hasPrefix("grid 1: 4 of 16 combinations are left out: pca is made from pairs"))
    #expect(sentences[1].hasPrefix("grid 1: 4 of 16 combinations are left out: the two answers of a row"))
  }

  @Test("Listed vectors come before those of grids, and a grid without sizes takes all rows")
  func listed() throws {
    let text = Self.valid.replacingOccurrences(of: "    pairs: [8, 16]\n", with: "")
      .replacingOccurrences(
        of: "grids:", with: "vectors: [{name: own, contrast: spontaneous, dataset: train}]\ngrids:")
    let experiment = try ExperimentFile.parse(text, file: "x.yaml")
    #expect(experiment.vectors.count == 5 && experiment.vectors[0].name == "own")
    #expect(experiment.vectors[1].name == "answers-mean-train-all-continuation")
    #expect(experiment.vectors[1].pairs == nil)
  }

  @Test("Steering and study have the documented defaults, and their stages and data sets are part of the run")
  func defaults() throws {
    let text = Self.valid.replacingOccurrences(of: ", scales: [-1, 1]", with: "")
    let experiment = try ExperimentFile.parse(text, file: "x.yaml")
    #expect(experiment.steering?.scales == [-0.5, 0.5] && experiment.steering?.unit == .residual)
    #expect(experiment.steering?.positions == .fromPromptEnd && experiment.steering?.layers == nil)
    #expect(experiment.study?.position == .prompt && experiment.study?.outside == nil)
    #expect(experiment.recordedDatasets == ["choice", "test", "train"])
    #expect(experiment.stages.count { $0 is SteerStage } == 8)
  }

  @Test(
    "A mistake is refused with its line and a remedy",
    arguments: [
      ("reads: [prompt, continuation]", "raeds: [prompt]", 12, "did you mean \"reads\"?"),
      ("datasets: [train]", "datasets: [trian]", 10, "there is no data set \"trian\""),
      ("[answers, spontaneous]", "[instructions]", 8, "at least one positive and one negative instruction"),
      ("[answers, spontaneous]", "[model-difference]", 8, "write it under vectors"),
      ("[answers, spontaneous]", "[spontaneous]\n    max-tokens: 0", 9, "max-tokens must be at least 1"),
      ("pairs: [8, 16]", "pairs: [8, 8]", 8, "two vectors have one name"),
      ("steering: {targets: [test]", "steering: {targets: [tset]", 15, "there is no data set \"tset\""),
      ("scales: [-1, 1]", "scales: [-1]", 15, "one above 0"),
      ("scales: [-1, 1]", "scales: [.nan, 1]", 15, "must be numbers"),
      ("scales: [-1, 1]", "layers: [-1]", 15, "layers must be at least 0"),
      ("scales: [-1, 1]", "take: 0", 15, "take must be at least 1"),
      ("scales: [-1, 1]", "vectors: [other]", 15, "there is no vector \"other\""),
      ("choose-layer: choice", "choose-layer: test", 16, "a data set that is not judged"),
      ("in: test", "in: train", 16, "train is no target of predictions"),
      ("choose-layer: choice, ", "", 16, "the key \"choose-layer\" is missing"),
    ])
  func mistakes(_ old: String, _ new: String, _ line: Int, _ sentence: String) throws {
    expectRefused(Self.valid.replacingOccurrences(of: old, with: new), line, sentence)
  }

  @Test("A grid of more vectors than anyone wants is refused before it is made")
  func tooMany() {
    let many = (1...2_000).map(String.init).joined(separator: ", ")
    let text = Self.valid.replacingOccurrences(of: "pairs: [8, 16]", with: "pairs: [\(many)]")
    let error = #expect(throws: TelltaleError.self) { try ExperimentFile.parse(text, file: "x.yaml") }
    #expect(error?.message.contains("over 1000 vectors") == true)
  }
}
