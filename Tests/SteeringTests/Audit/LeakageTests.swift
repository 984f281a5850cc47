import Foundations
import Statistics
import Testing

@testable import Steering

@Suite("A vector is not judged on the rows that it was made of")
struct LeakageTests {
  private let rows = (0..<40).map { index in
    var row = recordedRow(index, label: index % 2, group: "q\(index / 4)")
    row.question = "What is \(index / 4)?"
    row.prompt = "Please: what is \(index / 4)? (\(index % 4))"
    return row
  }

  @Test("A prompt in common blocks, and the rows are counted")
  func promptsBlock() throws {
    let finding = try #require(
      Leakage.finding(rows, questions: ["What is 3?", "q9"], prompts: [rows[13].prompt, rows[36].prompt]))
    #expect(finding.severity == .blocking && finding.number == 2.0 / 40)
    #expect(
      finding.sentence.hasPrefix("2 of 40 rows ask questions that the vector was made of, such as \"What is 3?\", so"))
  }

  @Test("A question in common with other prompts warns, by its name or its text")
  func questionsWarn() throws {
    let finding = try #require(
      Leakage.finding(rows, questions: ["What is 3?", "q9"], prompts: ["something else"]))
    #expect(finding.severity == .warning && finding.number == 8.0 / 40)
    #expect(finding.sentence.contains("with other prompts"))
  }

  @Test("Of pairs only the questions are known, so that one in common blocks")
  func pairsBlock() throws {
    let finding = try #require(Leakage.finding(rows, questions: ["q0"], prompts: nil))
    #expect(finding.severity == .blocking && finding.number == 4.0 / 40)
  }

  @Test("Nothing in common, and nothing known, is no finding")
  func nothing() {
    #expect(Leakage.finding(rows, questions: ["q77"], prompts: nil) == nil)
    #expect(Leakage.finding(rows, questions: nil, prompts: nil) == nil)
    #expect(Leakage.finding(rows, questions: [], prompts: []) == nil)
    let untold = rows.map { row in
      var row = row
      row.question = ""
      return row
    }
    #expect(Leakage.finding(untold, questions: [""], prompts: nil) == nil)
  }

  @Test("A finding that blocks makes the verdict, however well the score predicts")
  func theVerdictIsBlocked() throws {
    var generator = SeededGenerator(seed: 3)
    let labels = (0..<300).map { _ in generator.index(below: 2) }
    let scored = try ScoredRows(
      scores: labels.map { 2 * Double($0) + generator.normal() }, labels: labels,
      groups: (0..<300).map { "q\($0 / 10)" })
    let finding = try #require(Leakage.finding(rows, questions: ["q0"], prompts: nil))
    let candidates = [AuditCandidate(name: "layer 1", rows: scored)]
    #expect(try Audit(candidates: candidates, permutations: 100).verdict == .supported)
    let blocked = try Audit(candidates: candidates, permutations: 100, further: [finding])
    #expect(blocked.verdict == .cannotTell && blocked.reason == finding.sentence)
  }
}
