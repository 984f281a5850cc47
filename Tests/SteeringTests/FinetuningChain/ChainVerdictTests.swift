import Statistics
import Testing

@testable import Steering

/// The rule of the verdict, on evidence made by hand.
@Suite struct ChainVerdictTests {
  private let groups = (0..<24).map { "question \($0 % 12)" }

  /// Values that scatter by +-0.2 around a mean.
  private func estimate(_ mean: Double, scatter: Double = 0.2) -> Estimate {
    Estimate(groups.indices.map { mean + ($0 % 2 == 0 ? scatter : -scatter) * Double($0 % 12) / 11 }, groups: groups)
  }

  private func verdict(
    cosine: Double = 0.8, layers: Int = 6, shift: Double = 3, nullP: Double = 0.001, change: Estimate? = nil,
    questions: Int = 12
  ) -> ChainVerdict {
    let moved = ProjectionShift(
      set: "in", model: .behaviour, layer: 2, shift: estimate(shift), inVectors: shift / 10, nullP: nullP,
      spearman: nil, items: [])
    let rate = BehaviourRate(
      set: "in", model: .behaviour, rows: 24, groups: questions, rate: estimate(0.9),
      change: change ?? estimate(0.4), margin: estimate(1))
    return ChainVerdict(
      dataName: "it", layers: layers, evidence: SimilarityEvidence(cosine: cosine, dimension: 128), layer: 2,
      shift: moved, rate: rate)
  }

  @Test("Yes only where cosine, shift and behaviour all speak for it")
  func yesNeedsAllThree() {
    #expect(verdict().answer == .yes)
    #expect(verdict(cosine: -0.8).answer == .no, "the wrong way round")
    #expect(verdict(shift: -3).answer == .no)
    #expect(verdict(nullP: 0.06).answer == .no, "no more than along other directions")
    #expect(verdict(change: estimate(-0.4)).answer == .no)
  }

  @Test("The cosine is corrected for the layers that were looked at")
  func correctsForLayers() {
    // In 128 dimensions a cosine of 0.2 has p = 0.0236: enough for two layers (0.047), too little for three (0.071).
    #expect(verdict(cosine: 0.2, layers: 2).answer == .yes)
    #expect(verdict(cosine: 0.2, layers: 3).answer == .no)
  }

  @Test("A behaviour that rose without the vector is said to have found another way")
  func saysThatItWasBypassed() {
    let bypassed = verdict(cosine: -0.5, shift: -2)
    #expect(bypassed.answer == .no)
    #expect(bypassed.criteria.map(\.outcome) == [.fails, .fails, .holds])
    #expect(bypassed.sentence.contains("another way"))
    #expect(!verdict(change: estimate(0)).sentence.contains("another way"))
  }

  @Test("Few questions, and a rate too uncertain to exclude a rise of a tenth, cannot tell")
  func cannotTell() {
    #expect(verdict(questions: 5).answer == .unclear)
    let wide = estimate(0.05, scatter: 0.9)
    #expect((wide.low ?? 0) < 0 && (wide.high ?? 0) >= 0.1)
    #expect(verdict(change: wide).answer == .unclear)
    #expect(verdict(change: estimate(0, scatter: 0.02)).answer == .no)
  }

  @Test("Where every question changed alike there is no interval, and the change decides")
  func alikeChanges() {
    let alike = Estimate(groups.map { _ in 0.5 }, groups: groups)
    #expect(alike.low == nil)
    #expect(verdict(change: alike).answer == .yes)
    #expect(verdict(change: Estimate(groups.map { _ in 0 }, groups: groups)).answer == .no)
  }

  @Test("The behaviour runs through the vector where removing it takes more away than a random direction does")
  func runsThrough() {
    func answer(_ given: Estimate, _ random: Estimate, groups: Int = 12) -> ChainVerdict.Answer {
      ChainVerdict.Removal(given: given, random: random).answer(groups: groups)
    }
    #expect(answer(estimate(-0.5), estimate(0)) == .yes)
    #expect(answer(estimate(-0.5), estimate(-0.5)) == .no, "any direction does that")
    #expect(answer(estimate(0.1), estimate(0.5)) == .no, "the rate did not fall")
    #expect(answer(estimate(-0.5), estimate(0), groups: 5) == .unclear)
    let alike = Estimate(groups.map { _ in 0 }, groups: groups)
    #expect(answer(estimate(-0.5), alike) == .yes && answer(alike, alike) == .no)
  }
}
