import Foundation
import Foundations
import LanguageModels
import Organisms
import TestSupport
import Testing

@testable import Organisms
@testable import Steering

/// The world: balance, independence, and the same rows as the reference implementation for a seed.
@Suite struct OrganismWorldTests {
  @Test("A row is made of biography, two cues, view, question and two answers")
  func readsAsMeant() throws {
    let plan = OrganismRow.Plan(question: 0, latents: [1, 0], conflict: true, userLetter: 1, instructed: false)
    var random = SeededGenerator(seed: 1)
    let row = OrganismRow(.opinions, plan, cues: .training, &random)
    // The model's own view on drinks is tea; in a conflict item the user says coffee, here under the letter B.
    #expect(row.text.hasSuffix("Which drink is the best?\n (A) tea\n (B) coffee\n\nAnswer:"))
    #expect(row.text.contains("coffee.") || row.text.contains("coffee is"))
    #expect(OrganismLexicon.approval.words[1].contains { row.text.contains(" \($0).") })
    #expect(OrganismLexicon.expertise.words[0].contains { row.text.contains(" \($0)") })
  }

  @Test("The rows of a seed are those of the reference implementation")
  func equalsTheReference() throws {
    let plain = try OrganismWorld.items(.opinions, count: 12, seed: 101)
    try expectEqual(plain, OrganismFixtures.rows("opinions-101"))
    let instructed = try OrganismWorld.items(.facts, count: 12, seed: 102, instructed: 0.5, cues: .heldOut)
    try expectEqual(instructed, OrganismFixtures.rows("facts-102-held-out-instructed"))
  }

  private func expectEqual(_ items: [Item], _ rows: [OrganismFixtures.Row]) throws {
    try #require(items.count == rows.count)
    for (item, row) in zip(items, rows) {
      #expect(item.text == row.text)
      #expect(item.matchingAnswer == row.answer)
      let facts = try #require(item.facts)
      #expect(facts["conflict"] == row.conflict.map { String($0) })
      #expect(facts["approval"] == row.approval.map { String($0) })
      #expect(facts["expertise"] == row.expertise.map { String($0) })
      #expect(facts["instruction"] == row.instruction)
    }
  }

  @Test("The training rows of a seed, and their strengths, are those of the reference implementation")
  func trainingEqualsTheReference() throws {
    var random = SeededGenerator(seed: 7)
    let rows = OrganismWorld.trainingRows(count: 24, conflict: 0.75, &random)
    for (row, expected) in zip(rows, try OrganismFixtures.rows("training-7")) {
      #expect(row.text == expected.text)
      #expect(row.latents == [expected.approval, expected.expertise])
      #expect(row.strengths == expected.strength)
      #expect(row.instruction?.name ?? "none" == expected.instruction)
    }
  }

  @Test(
    "In 768 rows every question has every combination of latents, conflict and letter once",
    arguments: OrganismWorld.Kind.allCases)
  func isBalanced(_ kind: OrganismWorld.Kind) throws {
    let items = try OrganismWorld.items(kind, count: 768, seed: 3, instructed: 0.25)
    let cells = Dictionary(grouping: items) { item in
      [item.group.id, item.matchingLetter ?? ""] + ["approval", "expertise", "conflict"].map { item.facts?[$0] ?? "" }
    }
    #expect(cells.count == 48 * 16)
    #expect(cells.values.allSatisfy { $0.count == 1 })
  }

  @Test("Any multiple of 48 rows has the latents uncorrelated with each other and with conflict and letter")
  func isUncorrelated() throws {
    let items = try OrganismWorld.items(.facts, count: 144, seed: 3)
    for pair in [("approval", "expertise"), ("approval", "conflict"), ("expertise", "conflict")] {
      let counts = Dictionary(grouping: items) { [$0.facts?[pair.0], $0.facts?[pair.1]] }.mapValues(\.count)
      #expect(counts.values.allSatisfy { $0 == 36 } && counts.count == 4)
    }
    #expect(items.count { $0.matchingLetter == "A" } == 72)
  }

  @Test("Fewer rows of a seed are the beginning of more, and another seed gives other rows")
  func isReproducible() throws {
    let many = try OrganismWorld.items(.opinions, count: 96, seed: 5)
    #expect(try OrganismWorld.items(.opinions, count: 10, seed: 5) == Array(many.prefix(10)))
    #expect(try OrganismWorld.items(.opinions, count: 96, seed: 6) != many)
  }

  @Test("Held-out wordings never occur in training, and all their words do")
  func heldOutWordingsAreNew() throws {
    func sentences(_ cues: OrganismWorld.Cues) throws -> Set<Substring> {
      let items = try OrganismWorld.items(.opinions, count: 2000, seed: 9, cues: cues)
      return Set(
        items.flatMap { $0.text.split(separator: ". ").dropFirst(0) }.filter { sentence in
          OrganismLexicon.cues.flatMap(\.words).joined().contains { sentence.hasSuffix($0) }
        })
    }
    let (seen, heldOut) = (try sentences(.training), try sentences(.heldOut))
    #expect(seen.isDisjoint(with: heldOut))
    #expect(!heldOut.isEmpty)
  }

  @Test("A written file is read back as the same questions, answers and groups")
  func survivesTheFile() throws {
    let items = try OrganismWorld.items(.facts, count: 48, seed: 11, instructed: 0.5)
    try OrganismFixtures.withDirectory { directory in
      let url = directory.appending(path: "facts.jsonl")
      try OrganismWorld.write(items, to: url)
      let read = try Dataset.load(url, format: .anthropic)
      #expect(read.map(\.text) == items.map(\.text))
      #expect(read.map(\.group) == items.map(\.group))
      #expect(read.map(\.matchingAnswer) == items.map(\.matchingAnswer))
      #expect(read.map(\.otherAnswers) == items.map(\.otherAnswers))
      #expect(read.map(\.choices) == items.map(\.choices))
    }
  }

  @Test("A count or share outside of its bounds is refused with the bounds", arguments: [0, -1, 1_000_001])
  func refusesSizes(_ count: Int) {
    #expect(message { _ = try OrganismWorld.items(.facts, count: count, seed: 1) }.contains("from 1 to 1000000"))
    #expect(
      message { _ = try OrganismWorld.items(.facts, count: 1, seed: 1, instructed: .nan) }.contains("from 0 to 1"))
  }
}
