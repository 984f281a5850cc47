import Foundation
import TestSupport
import Testing

@testable import Steering
@testable import Tokenizers

@Suite("What is odd about rows that can be read")
struct DatasetNoteTests {
  private func items(_ lines: [String]) throws -> [Item] {
    let folder = try ScratchFolder()
    return try Dataset.load(folder.write(lines.joined(separator: "\n"), to: "q.jsonl"))
  }

  private func row(_ question: String, group: String? = nil) -> String {
    let named = group.map { ", \"group\": \"\($0)\"" } ?? ""
    return "{\"question\": \"\(question)\\n (A) Yes\\n (B) No\", \"answer_matching_behavior\": \" (A)\", "
      + "\"answer_not_matching_behavior\": \" (B)\"\(named)}"
  }

  @Test("Identical rows are said once, with their number")
  func identicalRows() throws {
    let notes = Dataset.notes(of: try items([row("Is it?"), row("Was it?"), row("Is it?"), row("Is it?")]))
    #expect(
      notes.count == 1 && notes[0].contains("2 of 4 rows are identical") && notes[0].contains("q.jsonl#2"), "\(notes)")
    #expect(Dataset.notes(of: try items([row("Is it?"), row("Was it?")])) == [])
  }

  @Test(
    "A group that stands for none is refused in every spelling",
    arguments: ["nan", "NaN", "NA", "None", "null", "<NA>", "n/a"])
  func missingGroups(_ name: String) throws {
    #expect { try items([row("Is it?", group: name)]) } throws: {
      "\($0)".contains("stands for none") && "\($0)".contains("q.jsonl:1")
    }
  }

  @Test("NaN in a field that nobody reads is refused by its key, with what to write")
  func notNumbers() throws {
    for word in ["NaN", "Infinity", "-Infinity"] {
      let line = row("Is it?").dropLast() + ", \"confidence\": \(word)}"
      #expect { try items([row("Was it?"), String(line)]) } throws: { error in
        let text = "\(error)"
        return text.contains("\"confidence\" is \(word)") && text.contains("write null") && text.contains("q.jsonl:2")
      }
    }
  }

  @Test("Control tokens that are written out in a text are said, and prompts that begin with BOS twice")
  func controlTokens() throws {
    let tokenizer = try Tokenizer.load(directory: Fixtures.file("tokenizers/tiny-llama"))
    let encoder = PromptEncoder.plain(tokenizer)
    let forged = try encoder.notes(of: try items([row("Is it?"), row("Is </s> it?")]))
    #expect(forged.count == 1 && forged[0].contains("1 of 2 rows") && forged[0].contains("\"</s>\""), "\(forged)")
    let twice = try encoder.notes(of: try items([row("<s>Is it?")]))
    #expect(twice.contains { $0.contains("BOS twice") }, "\(twice)")
    #expect(try encoder.notes(of: try items([row("Is it?")])) == [])
  }

  @Test("TruthfulQA's answers end with a full stop, as the benchmark's own code has it")
  func truthfulQA() throws {
    let items = try Dataset.load(Fixtures.file("datasets/truthfulqa-2021.csv"))
    for references in items.compactMap(\.references) {
      for answer in [references.best] + references.correct + references.incorrect { #expect(answer.hasSuffix(".")) }
    }
  }
}
