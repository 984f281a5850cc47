import Foundation
import Foundations
import LanguageModels
import Statistics
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Organisms
@testable import Steering

/// The committed hard organism (hard-confounded) against what was planted in it, on rows with seeds that no training used.
@Suite(.serialized) struct HardOrganismTests {
  private static let directory = Fixtures.repository.appending(path: "Models/organism-hard")
  private static let measured = Result { try HardCheck(directory: directory, seed: 977, count: 3072).report() }

  @Test("Its stream and its answers are as hard as planned")
  func propertiesAreAsPlanned() throws {
    let report = try Self.measured.get()
    #expect(report.organism == .confounded)
    #expect(report.stream.plantedShare > 0.01 && report.stream.plantedShare < 0.05)
    #expect(abs(report.stream.slope + 1) < 0.2)
    let behaviour = report.behaviour
    #expect(behaviour.positives > 0.1 && behaviour.positives < 0.3)
    #expect(behaviour.noise > 0.05 && behaviour.noise < 0.1)
    #expect(behaviour.auroc > 0.75 && behaviour.auroc < 0.86)
    #expect(behaviour.dPrime > 1 && behaviour.dPrime < 1.5)
    #expect(behaviour.unparsable * 50 < behaviour.rows)
  }

  @Test("The planted direction beats 95 % of null directions, and no verdict is other than planted")
  func verdictsAreAsPlanted() throws {
    let report = try Self.measured.get()
    #expect(report.nullsBeaten >= 0.95)
    #expect(report.verdicts.count == 6)
    for judged in report.verdicts { #expect(judged.isAsPlanted == true, "\(judged.vector) \(judged.kept)") }
  }

  @Test("Politeness is supported as long as nobody says that rows differ in it")
  func politenessNeedsItsColumn() throws {
    let judged = try Self.measured.get().verdicts.filter { $0.vector == .politeness }
    #expect(judged.map(\.kept) == [[], ["politeness"]])
    #expect(judged.map { $0.verdict == "supported" } == [true, false])
  }

  @Test("Erasing the planted component leaves answers that no longer depend on the wish for agreement")
  func componentDecides() throws {
    let loaded = try LoadedModel(Self.directory.path)
    let planted = try PlantedDirections(directory: Self.directory)
    let items = try HardOrganism.confounded.items(.target, count: 384, seed: 31)
    func spread(_ edits: [SteeringEdit]) throws -> Double {
      var options = Recorder.Options(layers: [0])
      (options.maxTokens, options.edits) = (1, edits)
      let rows = try Recorder(loaded, .plain(loaded.tokenizer), options).record(items).rows
      let margins = try rows.map { try #require($0.logitDifference) }
      let wishes = try items.map { try #require($0.facts?["approval"].flatMap { Double($0) }) }
      return try #require(Measures.pearson(margins, wishes)?.coefficient)
    }
    let direction = try Tensor(#require(planted.units[.opinions]))
    let erased = SteeringEdit(layer: 0, .ablate(direction), positions: .all)
    #expect(try spread([]) > 0.7)
    #expect(abs(try spread([erased])) < 0.15)
  }

  private struct Golden: Decodable {
    struct Case: Decodable {
      var text: String
      var ids: [Int]
      var stream: [Double]
      var a: Double
      var b: Double
    }
    var cases: [Case]
  }

  @Test("Token ids, the planted stream and the letters' logits are those of transformers")
  func agreesWithTransformers() throws {
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.file("organisms/hard.json")))
    let tokenizer = try Tokenizer.load(directory: Self.directory)
    let model = try LanguageModel.load(Self.directory)
    let letters = try ["A", "B"].map { try #require(tokenizer.encode($0, addSpecialTokens: false).ids.first) }
    #expect(golden.cases.count == 2)
    for fixture in golden.cases {
      let ids = tokenizer.encode(fixture.text, addSpecialTokens: true).ids
      #expect(ids == fixture.ids)
      let output = try model.forward(PackedBatch([ids]), taps: Taps(layers: [0]), logits: .tokens([ids.count - 1]))
      let stream = try #require(output.residuals[0]).selected(0, [ids.count - 1]).doubles()
      for (own, other) in zip(stream, fixture.stream) { #expect(abs(own - other) < 1e-4) }
      let logits = try #require(output.logits).doubles()
      #expect(abs(logits[letters[0]] - fixture.a) < 1e-3 && abs(logits[letters[1]] - fixture.b) < 1e-3)
    }
  }

  @Test("A column that no row has is refused by name")
  func refusesUnknownColumn() throws {
    let items = try HardOrganism.confounded.items(.target, count: 48, seed: 31)
    let loaded = try LoadedModel(Self.directory.path)
    let recording = try Recorder(loaded, .plain(loaded.tokenizer), .init(layers: [0])).record(items)
    let text = message { _ = try AuditTarget(recording, at: .prompt, keeping: ["mood"]) }
    #expect(text.contains("says nothing of \"mood\"") && text.contains("politeness"))
  }
}

/// Training in miniature.
@Suite(.serialized, .tags(.training)) struct HardTrainingTests {
  @Test("Steps lower the loss, the same seed gives the same weights, and what was built stays")
  func isReproducible() throws {
    try OrganismFixtures.withDirectory { directory in
      try HardDirectory.writeConfiguration(to: directory)
      let trainer = try HardTrainer(.broken, seed: 3, steps: 6, directory: directory)
      var losses: [Double] = []
      let first = try trainer.train { losses.append($0.excess) }
      let second = try trainer.train()
      #expect(try #require(losses.last) < #require(losses.first) - 0.1)
      let built = try trainer.construction.weights()
      for (name, weight) in first {
        #expect(try weight.floats() == #require(second[name]).floats(), "\(name)")
        let isBuilt = try weight.floats() == #require(built[name]).floats()
        #expect(isBuilt != HardConstruction.isTrained(name), "\(name)")
      }
    }
  }
}
