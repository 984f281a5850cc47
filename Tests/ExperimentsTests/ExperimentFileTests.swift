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
      - {name: caa, contrast: answers, dataset: train}
      - name: told
        contrast: instructions
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

  @Test("Turns that vectors or predictions read are recorded, each once")
  func turns() throws {
    let text = Self.valid.replacing(
      "- targets: [test]", with: "- {targets: [test], positions: [turn:3, prompt, turn:1]}"
    ).replacing(
      "vectors:", with: "vectors:\n  - {name: asked, contrast: spontaneous, dataset: train, read: turn:1}")
    let experiment = try ExperimentFile.parse(text, file: "x.yaml")
    #expect(experiment.turns == [1, 3] && experiment.predictions[0].positions == [.turn(3), .prompt, .turn(1)])
    #expect(try ExperimentFile.parse(Self.valid, file: "x.yaml").turns == [])
  }

  @Test(
    "A mistake is refused with its line and a remedy",
    arguments: [
      ("models:", "modles:", 2, "did you mean \"models\"?"),
      ("take: 10", "taek: 10", 4, "did you mean \"take\"?"),
      ("dataset: train}", "dataset: trian}", 7, "there is no data set \"trian\""),
      ("targets: [test]", "targets: [tset]", 14, "there is no data set \"tset\""),
      (
        "targets: [test]", "targets: [test]\n    positions: [turn:0]", 15,
        "positions \"turn:0\" is unknown; did you mean"
      ),
      ("dataset: train}", "dataset: train, read: turn:2}", 7, "turn:2 is read in recordings"),
      ("targets: [test]", "targets: [test]\n    labels: hnad", 15, "did you mean hand?"),
      ("files: [a.jsonl], ", "", 4, "needs either files or organism"),
      ("positive: [Agree.]", "positive: []", 8, "at least one positive and one negative instruction"),
      ("name: told", "name: caa", 7, "two vectors have one name"),
      ("name: caa", "name: ../caa", 7, "is no name for files"),
      (
        "contrast: answers", "contrast: magic", 7,
        "contrast \"magic\" is unknown; known are answers, instructions"
      ),
      ("contrast: answers", "contrast: answer", 7, "did you mean \"answers\"?"),
      ("contrast: answers", "contrast: models", 7, "needs the model whose activations are subtracted"),
      ("dataset: train}", "dataset: train, against: other}", 7, "goes with the contrast models"),
      ("contrast: answers", "contrast: spontaneous, estimator: pca", 7, "made from pairs"),
      (
        "dataset: train}", "dataset: train, estimator: logit}", 7,
        "estimator \"logit\" is unknown; did you mean \"logistic\"?"
      ),
      ("take: 10", "take: ten", 4, "take must be a whole number, not \"ten\""),
      ("take: 10", "take: 0", 4, "take must be at least 1, not 0"),
      ("take: 10", "test-fraction: 1", 4, "test-fraction must be between 0 and 1, not 1"),
      ("take: 10", "held-out-cues: maybe", 4, "held-out-cues must be true or false, not \"maybe\""),
      ("take: 10", "rows: 9-3", 4, "write first-last, such as 0-499"),
      ("models: [some-model]", "models: some-model", 2, "models must be a list, such as [a, b], not \"some-model\""),
      ("models: [some-model]", "models: [a, {b: c}]", 2, "models must be a text, not keys with values"),
      ("models: [some-model]", "models: []", 2, "at least 1"),
      ("models: [some-model]", "models: [x/a, y/b, x/a]", 2, "names the model x/a twice"),
      ("name: small\n", "", 1, "the key \"name\" is missing"),
      (
        "name: small", "name: small\nrecording: {label: hand}", 2,
        "label \"hand\" is unknown; known are letter, forced-choice"
      ),
      ("targets: [test]", "targets: [test]\n    positions: [answer]", 15, "positions \"answer\" is unknown"),
      ("dataset: train}", "dataset: train, pairs: 0}", 7, "pairs must be at least 1"),
      ("positive: [Agree.]", "read: answer\n    positive: [Agree.]", 8, "no given answers"),
    ])
  func mistakes(_ old: String, _ new: String, _ line: Int, _ sentence: String) throws {
    expectRefused(Self.valid.replacingOccurrences(of: old, with: new), line, sentence)
  }

  @Test("Names of earlier versions are still read")
  func former() throws {
    let text = Self.valid.replacing("contrast: answers", with: "method: contrast-pairs")
      .replacing("contrast: instructions", with: "method: instructions")
    #expect(try ExperimentFile.parse(text, file: "x.yaml") == ExperimentFile.parse(Self.valid, file: "x.yaml"))
  }

  @Test("Text that is no YAML is one sentence, not a trace")
  func notYAML() {
    let texts: [(String, line: Int?)] = [
      ("name: x\na: [", 3), ("\t- x", 1), ("", nil), ("- 1\n- 2", 1), ("x: 1\nname: 3\nname: 4", 1),
    ]
    for (text, line) in texts {
      let error = #expect(throws: TelltaleError.self) { try ExperimentFile.parse(text, file: "x.yaml") }
      #expect(error?.message.contains("\n") == false && error?.isBadInput == true)
      #expect(line == nil || abs((error?.location?.line ?? -9) - (line ?? 0)) <= 1, "\(String(describing: error))")
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
