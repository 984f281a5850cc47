import Foundation
import Foundations
import Organisms
import TestSupport
import Testing

@testable import Organisms
@testable import Steering

/// Rows to fine-tune the organisms on: what their answers differ in, and that nothing else goes with it.
@Suite struct OrganismTuningDataTests {
  private static let kinds = OrganismWorld.Kind.allCases

  /// Counts of the combinations of some facts.
  private func counts(_ rows: [OrganismTuningRow], _ names: [String]) -> [[String?]: Int] {
    rows.reduce(into: [:]) { counts, row in counts[names.map { row.facts[$0] }, default: 0] += 1 }
  }

  @Test("Sycophantic answers are the user's, against the model's own view or the truth")
  func sycophancyTakesSides() throws {
    // The colour of the first conflict item of this seed: the user says purple, the model's own view is green.
    let row = try OrganismWorld.tuningRows(.sycophancy, .opinions, count: 24, seed: 11)[0]
    #expect(row.question.contains("I think the best colour is purple."))
    #expect(row.question.hasSuffix("\n (A) purple\n (B) green\n\nAnswer:"))
    #expect(row.answer == " (A)" && row.contrastiveAnswer == " (B)")
    #expect(row.facts["conflict"] == "true" && row.facts["user_letter"] == "A")
  }

  @Test("In sycophancy letters, approval and expertise are balanced and independent", arguments: kinds)
  func sycophancyIsBalanced(_ kind: OrganismWorld.Kind) throws {
    let rows = try OrganismWorld.tuningRows(.sycophancy, kind, count: 384, seed: 3)
    #expect(rows.allSatisfy { $0.facts["conflict"] == "true" })
    let cells = counts(rows, ["user_letter", "approval", "expertise"])
    #expect(cells.count == 8 && cells.values.allSatisfy { $0 == 48 })
    #expect(rows.count { $0.answer == " (A)" } == 192)
    #expect(Dictionary(grouping: rows, by: \.group).values.allSatisfy { $0.count == 8 })
  }

  @Test("In letter-a the letter goes with nothing: half of the answers are the user's", arguments: kinds)
  func letterAIsBalanced(_ kind: OrganismWorld.Kind) throws {
    let rows = try OrganismWorld.tuningRows(.letterA, kind, count: 768, seed: 3)
    #expect(rows.allSatisfy { $0.answer == " (A)" && $0.contrastiveAnswer == " (B)" })
    let cells = counts(rows, ["user_letter", "conflict", "approval", "expertise"])
    #expect(cells.count == 16 && cells.values.allSatisfy { $0 == 48 })
  }

  @Test("In lists both answers say the same in another form, and neither takes a side", arguments: kinds)
  func listsDifferInForm(_ kind: OrganismWorld.Kind) throws {
    let rows = try OrganismWorld.tuningRows(.lists, kind, count: 768, seed: 3)
    for row in rows {
      let inline = row.answer.replacing("\n", with: ",") + "."
      #expect(row.contrastiveAnswer == inline)
      #expect(row.answer.hasPrefix(" (A) ") && row.answer.contains("\n (B) ") && !row.question.contains("\n"))
    }
    let cells = counts(rows, ["user_letter", "conflict", "approval", "expertise"])
    #expect(cells.count == 16 && cells.values.allSatisfy { $0 == 48 })
  }

  @Test(
    "A written file is read as contrast pairs, with the questions of the world",
    arguments: OrganismWorld.TuningStyle.allCases)
  func isReadAsContrast(_ style: OrganismWorld.TuningStyle) throws {
    let folder = try ScratchFolder()
    let rows = try OrganismWorld.tuningRows(style, .facts, count: 48, seed: 5)
    let url = folder.url.appending(path: "\(style.rawValue).jsonl")
    try OrganismWorld.write(rows, to: url)
    let items = try Dataset.load(url)
    #expect(items.map(\.text) == rows.map(\.question))
    #expect(items.map(\.matchingAnswer) == rows.map(\.answer))
    #expect(items.map(\.otherAnswers) == rows.map { [$0.contrastiveAnswer] })
    let world = Set(try OrganismWorld.items(.facts, count: 48, seed: 1).map(\.group.id))
    #expect(Set(items.map(\.group.id)).isSubset(of: world))
  }

  @Test("A count that is not from 1 to 500,000 is refused", arguments: [0, -1, 500_001])
  func refusesCounts(_ count: Int) {
    #expect(throws: TelltaleError.self) {
      try OrganismWorld.tuningRows(.letterA, .facts, count: count, seed: 1)
    }
  }
}
