import Foundation
import LanguageModels
import Statistics
import Testing
import Tokenizers
import Torch

@testable import Organisms
@testable import Steering

/// The whole audit on the models whose truth is known, on rows that no training used.
@Suite(.serialized) struct OrganismAuditTests {
  private static let seed: UInt64 = 613
  private static let present = Organism.allCases.filter {
    FileManager.default.fileExists(atPath: OrganismFixtures.model($0).appending(path: "model.safetensors").path)
  }

  private struct Measured {
    let vectors: SteeringVectors
    let training: AuditTarget
    let letters: LetterDirection?
    let recordings: [OrganismWorld.Kind: Recording]
    let layer: Int
  }

  /// Conflict items of both kinds and the class-mean vector of other opinions, by organism; measured once.
  private static let measured: [Organism: Result<Measured, any Error>] = {
    var results: [Organism: Result<Measured, any Error>] = [:]
    for organism in present { results[organism] = Result { try measure(organism) } }
    return results
  }()

  private static func measure(_ organism: Organism) throws -> Measured {
    let directory = OrganismFixtures.model(organism)
    let planted = try PlantedDirections(directory: directory)
    let loaded = try LoadedModel(directory.path)
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    func record(_ kind: OrganismWorld.Kind, _ count: Int, seed: UInt64) throws -> Recording {
      var options = Recorder.Options(layers: [planted.layer])
      options.maxTokens = 4
      let items = try OrganismWorld.items(kind, count: count, seed: seed).filter { $0.facts?["conflict"] == "true" }
      return try Recorder(loaded, encoder, options).record(items)
    }
    let training = try record(.opinions, 384, seed: seed + 1)
    let items = try OrganismWorld.items(.opinions, count: 192, seed: seed)
    return Measured(
      vectors: try training.vectors(at: .prompt, seed: seed, splits: 2),
      training: try AuditTarget(training, at: .prompt), letters: try LetterDirection(loaded.model, encoder, items),
      recordings: [.opinions: try record(.opinions, 768, seed: seed), .facts: try record(.facts, 768, seed: seed)],
      layer: planted.layer)
  }

  private func audit(_ organism: Organism, _ choose: (Measured) throws -> Recording) throws -> Audit {
    let measured = try #require(Self.measured[organism]).get()
    var options = RecordingAudit.Options()
    options.draws = 200
    options.permutations = 500
    let subject = AuditedVector(
      measured.vectors, origin: .classes(measured.training), letters: measured.letters, training: measured.training)
    return try #require(
      try RecordingAudit(choose(measured), at: .prompt, options: options).judge(subject).verdict())
  }

  private func facts(_ measured: Measured) throws -> Recording { try #require(measured.recordings[.facts]) }

  @Test("Opinions are supported where the vector was planted for them", arguments: present)
  func opinionsAreSupported(_ organism: Organism) throws {
    let audit = try audit(organism) { try #require($0.recordings[.opinions]) }
    #expect(audit.verdict == .supported, "\(audit.reason)")
  }

  @Test("Facts in shared are supported at the planted layer", .enabled(if: present.contains(.shared)))
  func sharedFactsAreSupported() throws {
    let audit = try audit(.shared, facts)
    #expect(audit.verdict == .supported, "\(audit.reason)")
  }

  @Test("Facts in split are not supported at the planted layer")
  func splitFactsAreNotSupported() throws {
    let audit = try audit(.split, facts)
    #expect([.absent, .cannotTell].contains(audit.verdict), "\(audit.reason)")
  }

  @Test("Rows chosen so that the letter is the label are caught by name", arguments: present)
  func letterConfounding(_ organism: Organism) throws {
    let audit = try audit(organism) { measured in
      let all = try facts(measured)
      return try all.selecting(all.rows.indices.filter { (all.rows[$0].letter == "A") == (all.rows[$0].label == 1) })
    }
    #expect(audit.verdict == .cannotTell)
    #expect(audit.findings.first { $0.severity == .blocking }?.name == "label explained by answer letter")
  }

  @Test("Rows chosen so that the question is the label are caught by name", arguments: present)
  func groupConfounding(_ organism: Organism) throws {
    let audit = try audit(organism) { measured in
      let all = try facts(measured)
      let groups = Array(Set(all.rows.map(\.group))).sorted().prefix(12)
      return try all.selecting(
        all.rows.indices.filter { row in
          groups.firstIndex(of: all.rows[row].group).map { $0 % 2 == all.rows[row].label } ?? false
        })
    }
    #expect(audit.verdict == .cannotTell)
    #expect(audit.findings.first { $0.severity == .blocking }?.name == "label explained by group")
  }

  @Test("The answer letters are the tokens that the models answer with")
  func letterTokens() throws {
    let measured = try #require(Self.measured[.split]).get()
    let letters = try #require(measured.letters)
    let tokenizer = try Tokenizer.load(directory: OrganismFixtures.model(.split))
    #expect(letters.letters == ["A", "B"])
    #expect(letters.tokens.map { tokenizer.token($0) } == ["A", "B"])
    #expect(letters.direction.contains { $0 != 0 })
  }
}
