import Foundations
import LanguageModels
import Statistics
import TestSupport
import Testing
import Torch

@testable import Steering

@Suite("The audit of recordings whose truth is known")
struct RecordingAuditTests {
  private var options: RecordingAudit.Options {
    var options = RecordingAudit.Options()
    options.draws = 200
    options.permutations = 200
    options.seed = 3
    return options
  }

  private func verdict(
    _ recording: Recording, _ vector: AuditedVector, at position: ReadPosition = .prompt
  ) throws -> Audit {
    try #require(try RecordingAudit(recording, at: position, options: options).judge(vector).verdict())
  }

  @Test("A planted direction is supported and every check is made")
  func aPlantedDirectionIsSupportedAndEveryCheckIsMade() throws {
    let made = try SyntheticRecording(rows: 320, layers: 2, hidden: 48, pairs: 30)
    let audit = try verdict(
      made.recording,
      AuditedVector(
        made.vectors, origin: .pairs(made.differences), training: AuditTarget(made.recording, at: .continuation)))
    #expect(audit.verdict == .supported, "\(audit.reason)")
    #expect(audit.comparisons == 2)
    for name in [
      "null: directions drawn from the activations' covariance", "null: vectors of pairs with signs flipped at random",
      "baseline: answer letter", "baseline: prompt length", "baseline: logistic probe, cross-validated by question",
      "baseline: class-mean direction of the training set", "share of largest coordinates",
      "share in the top components",
      "anisotropy", "held-out AUROC", "permutation", "within questions", "across questions", "operating point",
    ] { #expect(audit.findings.contains { $0.name == name }, "\(name) is missing") }
    #expect(audit.findings.map(\.severity) == audit.findings.map(\.severity).sorted())
  }

  @Test("A direction that says nothing is not supported")
  func aDirectionThatSaysNothingIsNotSupported() throws {
    let made = try SyntheticRecording(rows: 320, layers: 2, hidden: 48, pairs: 30, effect: 0)
    let audit = try verdict(made.recording, AuditedVector(made.vectors, origin: .pairs(made.differences)))
    #expect([.absent, .cannotTell].contains(audit.verdict), "\(audit.reason)")
  }

  @Test("Rows whose letter is the label are caught by name")
  func rowsWhoseLetterIsTheLabelAreCaughtByName() throws {
    let made = try SyntheticRecording(rows: 400, layers: 1, hidden: 32, pairs: 30)
    let confounded = try made.recording.selecting(
      made.recording.rows.indices.filter {
        (made.recording.rows[$0].letter == "A") == (made.recording.rows[$0].label == 1)
      })
    let audit = try verdict(confounded, AuditedVector(made.vectors))
    #expect(audit.verdict == .cannotTell)
    #expect(audit.findings.filter { $0.severity == .blocking }.map(\.name) == ["label explained by answer letter"])
  }

  @Test("Rows whose question is the label are caught by name")
  func rowsWhoseQuestionIsTheLabelAreCaughtByName() throws {
    let made = try SyntheticRecording(rows: 400, layers: 1, hidden: 32, pairs: 30)
    // Of each of twelve questions only the rows with one label: six questions of either.
    let confounded = try made.recording.selecting(
      made.recording.rows.indices.filter { $0 / 8 < 12 && made.recording.rows[$0].label == $0 / 8 % 2 })
    let audit = try verdict(confounded, AuditedVector(made.vectors))
    #expect(audit.verdict == .cannotTell)
    #expect(audit.reason.hasPrefix("The label is 100.0 % explained by which of 12 questions was asked"))
  }

  @Test("A vector that reads the letter is not supported")
  func aVectorThatReadsTheLetterIsNotSupported() throws {
    // The letter follows the label in 80 % of rows, and activations know the letter only.
    var generator = SeededGenerator(seed: 5)
    let direction = try Tensor.randomNormal([32], seed: 6)
    let rows = (0..<400).map { index in
      let label = generator.index(below: 2)
      let letter = (generator.uniform() < 0.8) == (label == 1) ? "A" : "B"
      return recordedRow(index, label: label, group: "question \(index / 8)", letter: letter)
    }
    let shift = try Tensor(rows.map { $0.letter == "A" ? Float(1) : 0 }).unsqueezed(1) * direction.unsqueezed(0)
    let stream = try (Tensor.randomNormal([400, 32], seed: 7) + shift).unsqueezed(1)
    let recording = Recording(rows: rows, layers: [4], activations: [.prompt: stream])
    let vectors = SteeringVectors(layers: [4: try direction.floats()], provenance: VectorProvenance())
    let letters = LetterDirection(letters: ["A", "B"], tokens: [1, 2], direction: try direction.floats())
    let audit = try verdict(recording, AuditedVector(vectors, letters: letters))
    #expect(audit.verdict == .explained)
    #expect(audit.reason.contains("but answer letter explains it"))
    let doubts = audit.findings.filter { $0.severity == .warning }.map(\.sentence)
    #expect(
      doubts.contains(
        "The vector at layer 4 has a cosine of 1.000 with the unembedding difference of the answer letters A and B: "
          + "it may read the letter."))
  }

  @Test("A prediction that any direction makes is supported but not specific to the vector")
  func aPredictionThatAnyDirectionMakesIsSupportedButNotSpecificToTheVector() throws {
    // Activations of one dimension and a constant: every direction sees the same, and half of them the right way round.
    let made = try SyntheticRecording(rows: 320, layers: 1, hidden: 2, pairs: 10, effect: 3)
    let flat = try made.recording.stream(.prompt, layer: 0).matmul(
      Tensor([1, 0, 0, 0.01] as [Float], shape: [2, 2]))
    let recording = Recording(
      rows: made.recording.rows, layers: [0], activations: [.prompt: try flat.unsqueezed(1)])
    let sign: Float = (made.vectors.layers[0]?[0] ?? 0) < 0 ? -1 : 1
    let vectors = SteeringVectors(layers: [0: [sign, 0]], provenance: VectorProvenance())
    let audit = try verdict(recording, AuditedVector(vectors))
    #expect(audit.verdict == .supported)
    #expect(audit.specificity != .specific)
    #expect(
      audit.findings.contains {
        $0.severity == .warning && $0.name == "null: directions drawn from the activations' covariance"
      })
  }

  @Test("What cannot be measured is a sentence")
  func whatCannotBeMeasuredIsASentence() throws {
    let made = try SyntheticRecording(rows: 80, layers: 1, hidden: 8, pairs: 10)
    func reason(_ change: (inout Recording) throws -> Void) throws -> String {
      var recording = made.recording
      try change(&recording)
      let audit = try verdict(recording, AuditedVector(made.vectors))
      #expect(audit.verdict == .cannotTell)
      return audit.reason
    }
    let oneClass = try reason { for row in $0.rows.indices { $0.rows[row].label = 1 } }
    #expect(oneClass == "All 80 rows have label 1, so nothing can be predicted or measured.")
    let broken = try reason { recording in
      let rows = try Tensor((0..<80).map { $0 == 7 ? Float.nan : 1 }, shape: [80, 1, 1])
      recording.activations[.prompt] = try made.recording.activations[.prompt].map { try $0 * rows }
    }
    #expect(broken == "1 score of 80 is not a finite number (the first in row 7), so no measure is given.")
    let oneGroup = try reason { for row in $0.rows.indices { $0.rows[row].group = "the only one" } }
    #expect(oneGroup.contains("1 question"))
    let few = try reason { $0 = try $0.selecting(Array(0..<8)) }
    #expect(few.contains("only 8 rows"))
    let constant = try reason { recording in
      recording.activations[.prompt] = try Tensor.ones([80, 1, 8])
      recording.rows = recording.rows.indices.map { recordedRow($0, label: $0 / 8 % 2, group: "question \($0 / 8)") }
    }
    #expect(constant.contains("explained by which of 10 questions"))
  }

  @Test("Equal scores are not supported")
  func equalScoresAreNotSupported() throws {
    let made = try SyntheticRecording(rows: 80, layers: 1, hidden: 8, pairs: 10)
    let recording = Recording(
      rows: made.recording.rows, layers: [0], activations: [.prompt: try Tensor.ones([80, 1, 8])])
    let audit = try verdict(recording, AuditedVector(made.vectors))
    #expect(audit.verdict == .cannotTell)
  }

  @Test("A vector of another width is refused")
  func aVectorOfAnotherWidthIsRefused() throws {
    let made = try SyntheticRecording(rows: 40, layers: 1, hidden: 8, pairs: 10)
    let other = SteeringVectors(layers: [0: [1, 2, 3]], provenance: VectorProvenance())
    let text = message {
      _ = try RecordingAudit(made.recording, at: .prompt, options: options).judge(AuditedVector(other))
    }
    #expect(text.hasPrefix("the vector has width 3 where the recording's residual stream has 8"))
    let missing = message { _ = try RecordingAudit(made.recording, at: .answer, options: options) }
    #expect(missing.hasPrefix("the recording has no activations at \"answer\""))
  }

  @Test("Percentiles stand among the nulls of the layer")
  func percentilesStandAmongTheNullsOfTheLayer() throws {
    let made = try SyntheticRecording(rows: 160, layers: 1, hidden: 32, pairs: 10)
    let audit = try RecordingAudit(made.recording, at: .prompt, options: options)
    #expect(audit.nullPercentile(of: 1, layer: 0, score: .cosine) == 1)
    #expect(audit.nullPercentile(of: 0, layer: 0, score: .cosine) == 0)
    let middle = try #require(audit.nullPercentile(of: 0.5, layer: 0, score: .cosine))
    #expect((0.35...0.65).contains(middle))
    #expect(audit.nullPercentile(of: 0.5, layer: 0, score: .projection) == nil)
    #expect(try #require(audit.probeAUROC(layer: 0)) > 0.8)
  }

  @Test("Layers in parallel give their results in order and their error once")
  func layersInParallelGiveTheirResultsInOrderAndTheirErrorOnce() throws {
    #expect(try LayerPool.map(50, bytes: 1) { $0 * 2 } == (0..<50).map { $0 * 2 })
    #expect(try LayerPool.map(0, bytes: 1) { $0 }.isEmpty)
    #expect(throws: TelltaleError.self) {
      try LayerPool.map(20, bytes: 1) { index in
        if index == 11 { throw TelltaleError(.failed, "layer 11") }
        return index
      }
    }
  }
}
