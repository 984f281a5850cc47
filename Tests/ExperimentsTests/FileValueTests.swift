import Foundation
import Foundations
import Testing

@testable import Experiments

@Suite("Values of experiment files")
struct FileValueTests {
  private func experiment(_ line: String) throws -> Experiment {
    try ExperimentFile.parse(VectorGridTests.valid + "\n" + line + "\n", file: "x.yaml")
  }

  @Test("A seed is any whole number of 64 bits, and nothing else")
  func seeds() throws {
    #expect(try experiment("seed: 18446744073709551615").seed == .max)
    #expect(try experiment("seed: 7").seed == 7)
    for wrong in ["-1", "18446744073709551616", "1.5", "[1]"] {
      let error = #expect(throws: TelltaleError.self) { try experiment("seed: \(wrong)") }
      #expect(error?.message.contains("must be a whole number from 0 to 18446744073709551615") == true, "\(wrong)")
    }
  }

  @Test("A chat template may be one of the model's, or a file")
  func templates() throws {
    for name in ["tool_use", "templates/own.jinja", "zephyr"] {
      #expect(try experiment("prompt: {style: chat, template: \(name)}").prompt.template == name)
    }
  }
}

@Suite("One index over the journal of labels")
struct LabelIndexTests {
  private func label(_ answer: String, _ label: Int?, by rater: String, pass: Int? = nil) -> HandLabel {
    HandLabel(answer: answer, label: label, rater: rater, pass: pass)
  }

  @Test("The latest label of the first pass counts, each label once, later passes by themselves")
  func views() {
    let first = label("a", 1, by: "ann")
    let index = LabelIndex([
      first, label("a", 0, by: "ann"), first, label("a", 1, by: "ann", pass: 2), label("a", 1, by: "judge:m"),
      label("b", nil, by: "ben"), label("c", 1, by: "carl", pass: 2),
    ])
    #expect(index.sources == [.hand(rater: "ann"), .hand(rater: "ben"), .judge(name: "m")])
    #expect(index.verdict(.rater("ann"), on: "a") == .label(0) && index.verdict(.judge("m"), on: "a") == .label(1))
    #expect(index.verdict(.hand, on: "b") == .cannotTell && index.verdict(.hand, on: "c") == nil)
    #expect(index.label(RaterPass("ann", isSecond: true), "a")?.label == 1)
    #expect(index.keys.count == 6 && index.raters == ["ann", "ben", "carl", "judge:m"])
  }
}
