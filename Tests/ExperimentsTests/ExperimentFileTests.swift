import Foundation
import Foundations
import Testing

@testable import Experiments

@Suite("Experiment files are read strictly")
struct ExperimentFileTests {
  static let valid = """
    name: small
    models: [some-model]
    datasets:
      train: {files: [a.jsonl], take: 10, part: train}
      test: {organism: facts}
    vectors:
      - {name: caa, method: contrast-pairs, dataset: train}
      - name: told
        method: instructions
        dataset: train
        positive: [Agree.]
        negative: [Disagree.]
    predictions:
      - targets: [test]
    """

  @Test("A valid file gets the documented defaults")
  func defaults() throws {
    let experiment = try ExperimentFile.parse(Self.valid, file: "x.yaml")
    #expect(experiment.seed == 0 && experiment.prompt.style == .plain && experiment.recording.maxTokens == 16)
    #expect(experiment.vectors.map(\.read) == [.answer, .prompt])
    #expect(experiment.predictions[0].scores.count == 3)
    #expect(experiment.predictions[0].positions == [.prompt, .continuation])
    #expect(experiment.datasets["train"]?.part == .train)
    #expect(experiment.vectors.allSatisfy { $0.estimator == .mean && $0.pairs == nil && $0.maxTokens == 64 })
  }

  @Test(
    "A mistake is refused with its line and a remedy",
    arguments: [
      ("models:", "modles:", 2, "did you mean \"models\"?"),
      ("take: 10", "taek: 10", 4, "did you mean \"take\"?"),
      ("dataset: train}", "dataset: trian}", 7, "there is no data set \"trian\""),
      ("targets: [test]", "targets: [tset]", 14, "there is no data set \"tset\""),
      ("targets: [test]", "targets: [test]\n    labels: hnad", 15, "did you mean hand?"),
      ("files: [a.jsonl], ", "", 4, "needs either files or organism"),
      ("positive: [Agree.]", "positive: []", 8, "needs positive and negative instructions"),
      ("name: told", "name: caa", 7, "two vectors have one name"),
      ("name: caa", "name: ../caa", 7, "is no name for files"),
      ("method: contrast-pairs", "method: magic", 7, "does not fit"),
      ("method: contrast-pairs", "method: model-difference", 7, "needs against"),
      ("dataset: train}", "dataset: train, against: other}", 7, "goes with the method model-difference"),
      ("method: contrast-pairs", "method: class-mean, estimator: pca", 7, "made from pairs"),
      ("dataset: train}", "dataset: train, estimator: magic}", 7, "does not fit"),
      ("dataset: train}", "dataset: train, pairs: 0}", 7, "pairs must be at least 1"),
      ("positive: [Agree.]", "read: answer\n    positive: [Agree.]", 8, "no given answers"),
    ])
  func mistakes(_ old: String, _ new: String, _ line: Int, _ sentence: String) throws {
    expectRefused(Self.valid.replacingOccurrences(of: old, with: new), line, sentence)
  }

  @Test("Text that is no YAML is one sentence, not a trace")
  func notYAML() {
    for text in ["a: [", "\t- x", "", "- 1\n- 2", "name: 3\nname: 4"] {
      let error = #expect(throws: TelltaleError.self) { try ExperimentFile.parse(text, file: "x.yaml") }
      #expect(error?.message.contains("\n") == false)
    }
  }

  @Test("The edit distance counts insertions, deletions and replacements")
  func distances() {
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("", "abc") == 3)
    #expect(editDistance("same", "same") == 0)
  }
}

/// An experiment file's text is refused as bad input, with this in its sentence and within a line of this place.
func expectRefused(_ text: String, _ line: Int, _ sentence: String) {
  let error = #expect(throws: TelltaleError.self) { try ExperimentFile.parse(text, file: "x.yaml") }
  #expect(error?.isBadInput == true)
  #expect(error?.message.contains(sentence) == true, "\(String(describing: error))")
  #expect(abs((error?.location?.line ?? -9) - line) <= 1, "\(String(describing: error))")
}
