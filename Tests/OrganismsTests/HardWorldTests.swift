import Foundation
import Foundations
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Organisms
@testable import Steering

/// The texts of the hard organisms and what is written of them, before anything is trained.
@Suite struct HardWorldTests {
  @Test("Every word that writes is one token, stands for one thing, and is no answer")
  func wordsAreDistinct() {
    let lexicon = HardLexicon.self
    let instructions = lexicon.graded.flatMap { $0.instructions.joined().map(\.word) }
    let said =
      lexicon.names + lexicon.places + lexicon.hobbies + lexicon.jobs + lexicon.templates.joined() + lexicon.letters
      + lexicon.skies + lexicon.graded.flatMap(\.words) + lexicon.questions.map(\.topic) + instructions
    #expect(Set(said).count == said.count)
    #expect(said.allSatisfy { OrganismTokenizer.hardVocabulary.contains($0) })
    #expect(Set(said).isDisjoint(with: lexicon.questions.flatMap { [$0.own, $0.other] }))
    let frames = lexicon.frames.flatMap { $0.split(separator: " ").map(String.init) }
    #expect(Set(said).isDisjoint(with: frames))
  }

  @Test("Of 768 rows every question has all templates and letters once, and the two parts share no question")
  func rowsAreBalanced() throws {
    let rows = HardOrganism.broken.rows(.target, count: 768, seed: 3)
    let cells = Set(rows.map { "\($0.plan.question) \($0.plan.template) \($0.plan.userLetter)" })
    #expect(cells.count == 768 && Set(rows.map(\.plan.question)).count == 48)
    let others = HardOrganism.broken.rows(.training, count: 768, seed: 3)
    #expect(Set(rows.map(\.plan.question)).isDisjoint(with: others.map(\.plan.question)))
  }

  @Test("Politeness goes with the wish for agreement as the kind says", arguments: HardOrganism.allCases)
  func correlationsAreAsPlanned(_ organism: HardOrganism) {
    for part in HardOrganism.Part.allCases {
      let rows = organism.rows(part, count: 6144, seed: 5)
      let n = Double(rows.count)
      let squares = rows.reduce(0) { $0 + $1.approval * $1.approval } / n
      let product = rows.reduce(0) { $0 + $1.approval * $1.politeness } / n
      // Standard errors: 0.018 of a variance of 1, 0.013 of a correlation.
      #expect(abs(squares - 1) < 0.06)
      #expect(abs(product - organism.correlation(part)) < 0.05)
    }
  }

  @Test("The rule's share of positives is between 10 and 30 %, and between its floors")
  func ruleIsBounded() throws {
    let writing = try HardWriting(seed: 2)
    let rows = HardOrganism.uncorrelated.rows(.target, count: 1536, seed: 9)
    let following = rows.map {
      HardRule.following(
        $0.approval, intercept: writing.intercepts[$0.plan.question], slope: writing.slopes[$0.plan.question])
    }
    let mean = following.reduce(0, +) / Double(rows.count)
    #expect(mean > 0.1 && mean < 0.3)
    #expect(following.allSatisfy { $0 > HardRule.noise && $0 < 1 - HardRule.noise })
    // By hand: at the threshold of a question without intercept and slope the two answers are as likely.
    #expect(abs(HardRule.following(1, intercept: 0, slope: 0) - 0.5) < 1e-12)
  }

  @Test("The stream at the prompt's end is the sum of what the words of the text write")
  func streamIsASum() throws {
    try OrganismFixtures.withDirectory { directory in
      try HardDirectory.writeConfiguration(to: directory)
      let construction = try HardConstruction(seed: 6)
      let model = try LanguageModel(ModelConfiguration(directory: directory), weights: construction.weights())
      let tokenizer = try Tokenizer.load(directory: directory)
      let rows = HardOrganism.confounded.rows(.target, count: 40, seed: 4)
      let batch = PackedBatch(rows.map { tokenizer.encode($0.text, addSpecialTokens: true).ids })
      let ends = rows.indices.map { batch.segments[batch.leaves[$0]].range.upperBound - 1 }
      let output = try model.forward(batch, taps: Taps(layers: [0]))
      let stream = try #require(output.residuals[0]).selected(0, ends)
      for (latent, values) in [
        (HardSpectrum.Latent.approval, rows.map(\.approval)), (.politeness, rows.map(\.politeness)),
        (.letter, rows.map { Double(2 * $0.plan.userLetter - 1) }),
      ] {
        let direction = try construction.direction(latent)
        let components = try stream.matmul(Tensor(direction).unsqueezed(1)).reshaped([rows.count]).doubles()
        let place = try #require(HardSpectrum.directions[latent]?.first)
        for (component, value) in zip(components, values) {
          // The share of attention that the words have in common depends a little on their number: 1 in 100.
          #expect(abs(component - value * HardSpectrum.deviation(place)) < 0.01 * (1 + abs(value)))
        }
      }
    }
  }
}
