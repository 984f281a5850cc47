import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering
import Torch

/// Compares a hard organism with what was planted in it, and audits its vectors.
package struct HardCheck {
  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let planted: PlantedDirections
  private let organism: HardOrganism
  private let seed: UInt64
  /// Rows of each part.
  private let count: Int

  /// - Parameters:
  ///   - seed: of the predicted rows; the rows that vectors are made from use the next seed.
  ///   - count: rows of each part, at least 192; multiples of 768 are balanced in each question.
  package init(directory: URL, seed: UInt64, count: Int = 3072) throws {
    loaded = try LoadedModel(directory.path)
    encoder = .plain(loaded.tokenizer)
    planted = try PlantedDirections(directory: directory)
    guard let organism = planted.hard else {
      throw TelltaleError(.badInput, "is no hard organism", at: InputLocation(file: directory.path))
    }
    (self.organism, self.seed, self.count) = (organism, seed, max(192, count))
    try loaded.model.check(layers: [planted.layer])
  }

  package func report() throws -> HardReport {
    let target = try recording(.target, seed: seed)
    let training = try recording(.training, seed: seed &+ 1, measuresChoices: false)
    let vectors = try vectors(training)
    let stream = try target.stream(.prompt, layer: planted.layer)
    let rows = try audit(target)
    let plain = try verdicts(rows, vectors, HardReport.Vector.allCases)
    let kept = try verdicts(
      audit(target, keeping: ["politeness"]), vectors, [.pairs, .politeness], kept: ["politeness"])
    return HardReport(
      organism: organism, trainingSeed: planted.seed, evaluationSeed: seed,
      stream: try HardStream(stream, planted: planted.units[.opinions] ?? []),
      behaviour: try HardBehaviour(target, scores: scores(stream, .planted, vectors)),
      verdicts: plain + kept, nullsBeaten: try beaten(rows, scores(stream, .planted, vectors)),
      fall: try difference(target, stream, vectors))
  }

  // MARK: Recording and vectors

  /// What the model answers, drawn at temperature 1.
  private func recording(
    _ part: HardOrganism.Part, seed: UInt64, measuresChoices: Bool = true
  ) throws -> Recording {
    var options = Recorder.Options(layers: [planted.layer])
    // " (", the letter, ")" and the end.
    (options.maxTokens, options.measuresChoices) = (4, measuresChoices)
    options.sampling = try Sampling(temperature: 1, topP: 1, seed: seed)
    return try Recorder(loaded, encoder, options).record(organism.items(part, count: count, seed: seed))
  }

  /// The planted direction itself, and vectors of pairs of instructions, of what the model did, and of pairs of
  /// instructions about the distractor.
  private func vectors(_ training: Recording) throws -> [HardReport.Vector: SteeringVectors] {
    let items = try organism.items(.training, count: count / 8, seed: seed &+ 2)
    func pairs(_ latent: HardLexicon.Graded) throws -> SteeringVectors {
      let recipe = try VectorRecipe(
        .instructions, positive: latent.instructions[1].map(\.text), negative: latent.instructions[0].map(\.text))
      return try VectorExtraction(recipe, layers: [planted.layer], seed: seed).run(loaded, encoder, items)
    }
    return [
      .planted: SteeringVectors(
        layers: [planted.layer: planted.units[.opinions] ?? []], provenance: VectorProvenance()),
      .pairs: try pairs(HardLexicon.approval), .classMeans: try training.vectors(at: .prompt, seed: seed),
      .politeness: try pairs(HardLexicon.politeness),
    ]
  }

  private func scores(
    _ stream: Tensor, _ vector: HardReport.Vector, _ vectors: [HardReport.Vector: SteeringVectors]
  ) throws -> [Double] {
    try ScoreKind.cosine.scores(stream, vector: vectors[vector]?.vector(planted.layer) ?? [])
  }

  // MARK: Audits

  /// - Parameter columns: what is held fixed besides what always is.
  private func audit(_ target: Recording, keeping columns: [String] = []) throws -> RecordingAudit {
    var options = RecordingAudit.Options()
    (options.trainsProbe, options.seed) = (false, seed)
    return try RecordingAudit(AuditTarget(target, at: .prompt, keeping: columns), options: options)
  }

  private func verdicts(
    _ audit: RecordingAudit, _ vectors: [HardReport.Vector: SteeringVectors], _ chosen: [HardReport.Vector],
    kept columns: [String] = []
  ) throws -> [HardReport.Judged] {
    try chosen.map { vector in
      guard let own = vectors[vector], let judged = try audit.judge(AuditedVector(own)).verdict() else {
        throw TelltaleError(.failed, "the vector \(vector.rawValue) cannot be judged")
      }
      return HardReport.Judged(
        vector: vector, kept: columns, cosine: try cosine(own), auroc: judged.across?.auroc ?? .nan,
        low: judged.across?.low ?? .nan, high: judged.across?.high ?? .nan, verdict: judged.verdict.rawValue,
        specificity: judged.specificity.rawValue, expected: organism.expectation(vector, keeping: !columns.isEmpty))
    }
  }

  private func cosine(_ vectors: SteeringVectors) throws -> Double {
    try ScoreKind.cosine.scores(
      Tensor(vectors.vector(planted.layer)).unsqueezed(0), vector: planted.units[.opinions] ?? [])[0]
  }

  /// The share of null directions whose AUROC lies closer to 0.5.
  private func beaten(_ audit: RecordingAudit, _ scores: [Double]) throws -> Double {
    let rows = try audit.target.scored(by: audit.target.indices.map { scores[$0] })
    guard let area = rows.auroc, let nulls = audit.profiles[planted.layer]?.nullAUROCs[.cosine] else { return .nan }
    return Double(nulls.count { abs($0 - 0.5) < abs(area - 0.5) }) / Double(nulls.count)
  }

  /// How much worse class means predict than pairs do, on the same rows.
  private func difference(
    _ target: Recording, _ stream: Tensor, _ vectors: [HardReport.Vector: SteeringVectors]
  ) throws -> HardReport.Fall? {
    let audited = try AuditTarget(target, at: .prompt)
    func scored(_ vector: HardReport.Vector) throws -> ScoredRows {
      let scores = try scores(stream, vector, vectors)
      return try audited.scored(by: audited.indices.map { scores[$0] })
    }
    return try AUROCDifference(scored(.classMeans), scored(.pairs)).map {
      HardReport.Fall(difference: $0.difference, low: $0.interval.low, high: $0.interval.high, p: $0.p)
    }
  }
}

extension HardOrganism {
  /// The verdict that the audit should give a vector; nil where what was planted does not determine one.
  func expectation(_ vector: HardReport.Vector, keeping: Bool) -> HardReport.Expectation? {
    switch vector {
    case .planted, .pairs: .supported
    case .classMeans: self == .broken ? nil : .supported
    case .politeness: self == .confounded && !keeping ? .supported : .notSupported
    }
  }
}
