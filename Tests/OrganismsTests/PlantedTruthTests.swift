import Foundation
import LanguageModels
import Organisms
import Statistics
import Testing
import Tokenizers
import Torch

@testable import Organisms
@testable import Steering

/// The committed models against the truth planted in them, on rows with seeds that no training used.
@Suite(.serialized) struct PlantedTruthTests {
  private static let seed: UInt64 = 977

  /// Vectors at the planted layer and what they predict, by organism; measured once.
  private static let measured: [Organism: Result<[OrganismReport.Vector], any Error>] = {
    var results: [Organism: Result<[OrganismReport.Vector], any Error>] = [:]
    for organism in Organism.allCases {
      results[organism] = Result {
        let directory = OrganismFixtures.model(organism)
        let layer = try PlantedDirections(directory: directory).layer
        return try OrganismCheck(directory: directory, seed: seed, count: 768).vectors(layers: [layer])
      }
    }
    return results
  }()

  private func vectors(_ organism: Organism) throws -> [OrganismReport.Vector] {
    try #require(Self.measured[organism]).get()
  }

  @Test("Vectors from opinions have a cosine of at least 0.95 with the planted direction", arguments: Organism.allCases)
  func vectorsFindTheDirection(_ organism: Organism) throws {
    for vector in try vectors(organism).prefix(3) {
      #expect(try #require(vector.cosineWithPlanted.first) >= 0.95, "\(vector.name)")
    }
  }

  @Test("They predict what the model answers to opinions", arguments: Organism.allCases)
  func vectorsPredictOpinions(_ organism: Organism) throws {
    for vector in try vectors(organism).prefix(3) {
      #expect(try #require(vector.opinions.first).auroc >= 0.95, "\(vector.name)")
    }
  }

  @Test("In shared they predict what the model answers to facts; in split they do not")
  func factsTellTheOrganismsApart() throws {
    for vector in try vectors(.shared).prefix(3) {
      #expect(try #require(vector.facts.first).auroc >= 0.95, "\(vector.name)")
    }
    for vector in try vectors(.split).prefix(3) {
      let facts = try #require(vector.facts.first)
      #expect(facts.interval.contains(0.5), "\(vector.name): \(facts.low) to \(facts.high)")
    }
  }

  @Test("The two planted directions are one in shared and orthogonal in split")
  func directionsAreAsPlanted() throws {
    for (organism, expected) in [(Organism.shared, 1.0), (.split, 0.0)] {
      let planted = try PlantedDirections(directory: OrganismFixtures.model(organism))
      let (opinions, facts) = (try #require(planted.units[.opinions]), try #require(planted.units[.facts]))
      let cosine = zip(opinions, facts).reduce(0) { $0 + Double($1.0 * $1.1) }
      #expect(abs(cosine - expected) < 1e-5)
    }
  }

  @Test("The rest of a pass, resumed from a tapped layer, gives the whole pass's logits")
  func resumesWherePassesStop() throws {
    let directory = OrganismFixtures.model(.split)
    let model = try LanguageModel.load(directory)
    let tokenizer = try Tokenizer.load(directory: directory)
    let items = try OrganismWorld.items(.facts, count: 6, seed: 5)
    let batch = PackedBatch(items.map { tokenizer.encode($0.text, addSpecialTokens: true).ids })
    let whole = try model.forward(batch, taps: Taps(layers: [2, 4]), logits: .all)
    let stream = try #require(whole.residuals[2])
    let rest = try model.resume(batch, from: stream, after: 2, taps: Taps(layers: [4]), logits: .all)
    #expect(try #require(rest.logits).floats() == #require(whole.logits).floats())
    #expect(try #require(rest.residuals[4]).floats() == #require(whole.residuals[4]).floats())
  }
}
