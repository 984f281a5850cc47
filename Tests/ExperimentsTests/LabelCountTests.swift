import Foundation
import Foundations
import Testing

@testable import Experiments
@testable import Steering

@Suite("How answers came out, by question")
struct LabelCountTests {
  private func row(_ group: String, _ label: Int?) -> RecordedRow {
    var row = RecordedRow(
      id: UUID().uuidString, group: group, question: group, source: "s", row: 0, letter: nil, prompt: "p",
      continuation: "a", end: "stop", labelSource: .letter, promptTokens: 1, promptToken: 0, promptTokenText: "",
      continuationToken: 0)
    row.label = label
    return row
  }

  @Test("Answers are counted by question in the order of their names, what could not be read among them")
  func byGroup() {
    let rows = [row("b", 1), row("a", 0), row("b", nil), row("b", 1), row("a", nil), row("b", 0)]
    let counts = LabelCount.counts(model: "m", target: "t", rows)
    #expect(
      LabelCount.table.csv(counts)
        == "model,target,group,positives,negatives,unparsable\nm,t,a,0,1,1\nm,t,b,2,1,1\n")
    #expect(LabelCount.counts(model: "m", target: "t", []).isEmpty)
  }
}
