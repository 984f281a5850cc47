import Foundation
import Foundations
import TestSupport
import Testing

@testable import Steering

@Suite struct ContrastPairTests {
  private func scalar(_ text: String, _ offset: Int) -> Unicode.Scalar? { Array(text.unicodeScalars)[safe: offset] }

  @Test("A plain pair is the stored text and the answer")
  func aPlainPairIsTheStoredTextAndTheAnswer() throws {
    let pair = try PromptBuilder.plain.pair(for: item(0, group: "é", letter: "B"))
    #expect(pair.positiveText == "Which of é?\n (A) yes, é\n (B) no, é\n\nAnswer: (B)")
    #expect(pair.negativeText == "Which of é?\n (A) yes, é\n (B) no, é\n\nAnswer: (A)")
    // 12 + 12 + 11 + 9 scalars of text, then a space and a bracket.
    #expect(pair.positiveAnswerOffset == pair.positiveText.unicodeScalars.count - 2)
    #expect(scalar(pair.positiveText, pair.positiveAnswerOffset) == "B")
    #expect(scalar(pair.negativeText, pair.negativeAnswerOffset) == "A")
  }

  @Test("Plain pairs are those of the steering vectors library")
  func plainPairsAreThoseOfTheSteeringVectorsLibrary() throws {
    let url = TestData.fixture("steering-vector-pairs.jsonl")
    let items = try Dataset.load(url, format: .anthropic)
    let rows = try DataRow.rows(in: InputFile(contentsOf: url))
    #expect(items.count == 10)
    for (item, row) in zip(items, rows) {
      let pair = try PromptBuilder.plain.pair(for: item)
      #expect(pair.positiveText == (try row.string("positive")))
      #expect(pair.negativeText == (try row.string("negative")))
      #expect(scalar(pair.positiveText, pair.positiveAnswerOffset).map(String.init) == item.matchingLetter)
    }
  }

  @Test(
    "All pairs of the steering vectors library are reproduced",
    .enabled(if: TestData.hasShared("models/tiny-llama-steering-vectors/pairs.jsonl")))
  func allPairsOfTheSteeringVectorsLibraryAreReproduced() throws {
    let url = TestData.shared("models/tiny-llama-steering-vectors/pairs.jsonl")
    let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    #expect(rows.count == 32)
    let files = try rows.map { try #require($0["file"] as? String) }
    let data = try Dictionary(uniqueKeysWithValues: Set(files).map { ($0, try Dataset.load(TestData.shared($0))) })
    for (file, row) in zip(files, rows) {
      let item = try #require(data[file])[try #require(row["row"] as? Int)]
      let pair = try PromptBuilder.plain.pair(for: item)
      #expect(pair.positiveText == row["positive"] as? String)
      #expect(pair.negativeText == row["negative"] as? String)
    }
  }

  @Test("A chat pair writes the answer as the template writes an assistants message")
  func aChatPairWritesTheAnswerAsTheTemplateWritesAnAssistantsMessage() throws {
    let builder = PromptBuilder.chat { messages, addGenerationPrompt in
      messages.map { "<\($0.role.rawValue)>\($0.content)</s>" }.joined() + (addGenerationPrompt ? "<assistant>" : "")
    }
    let pair = try builder.pair(for: item(0, group: "tea"))
    #expect(builder.style == .chat)
    #expect(pair.prefix == "<user>Which of tea?\n (A) yes, tea\n (B) no, tea\n\nAnswer:</s><assistant>")
    // The stored answer is " (A)"; in a message of its own it has no white space around it.
    #expect(pair.positive == "(A)")
    #expect(scalar(pair.positiveText, pair.positiveAnswerOffset) == "A")
  }

  @Test("Errors of the chat template reach the caller")
  func errorsOfTheChatTemplateReachTheCaller() {
    struct Refused: Error {}
    let builder = PromptBuilder.chat { _, _ in throw Refused() }
    #expect(throws: Refused.self) { try builder.prompt(for: item(0, group: "tea")) }
  }

  @Test("Irregular answers keep their text")
  func irregularAnswersKeepTheirText() throws {
    let caa = try #require(try Dataset.load(TestData.fixture("caa-ab.json")).first)
    let pair = try PromptBuilder.plain.pair(for: caa)
    #expect(pair.positiveText.hasSuffix("(B) Disagree(B)"))
    let persona = try #require(try Dataset.load(TestData.fixture("persona.jsonl")).first)
    let yes = try PromptBuilder.plain.pair(for: persona)
    #expect(yes.positive == " Yes" && yes.negative == " No")
    #expect(scalar(yes.positiveText, yes.positiveAnswerOffset) == "Y")
  }

  @Test("Free text answers begin on a line of their own")
  func freeTextAnswersBeginOnALineOfTheirOwn() throws {
    let row = #"{"question": "Is the sky green?", "answer": "\"It is.\"", "contrastive_answer": "No."}"#
    let pair = try PromptBuilder.plain.pair(for: try #require(try items(row).first))
    #expect(pair.positiveText == "Is the sky green?\n\"It is.\"")
    #expect(pair.positiveAnswerOffset == 19)
  }

  @Test("Another non matching answer can be chosen")
  func anotherNonMatchingAnswerCanBeChosen() throws {
    let item = try Dataset.load(TestData.fixture("philpapers-form.jsonl"))[1]
    #expect(try PromptBuilder.plain.pair(for: item, other: 1).negative == " (C)")
    #expect(message { _ = try PromptBuilder.plain.pair(for: item, other: 2) }.contains("no pair of answers"))
  }

  @Test("Prompts without answers make no pair")
  func promptsWithoutAnswersMakeNoPair() throws {
    let item = try #require(try Dataset.load(TestData.fixture("caa-open-ended.json")).first)
    #expect(try PromptBuilder.plain.prompt(for: item) == item.text)
    #expect(
      message { _ = try PromptBuilder.plain.pair(for: item) }
        == "caa-open-ended.json (row 0): the row has no pair of answers to contrast; "
        + "use a data set with matching and other answers")
  }

  @Test("Few shot examples come from other groups and balance letters")
  func fewShotExamplesComeFromOtherGroupsAndBalanceLetters() throws {
    let items = try Dataset.load(TestData.fixture("political.jsonl"))
    let asked = Set(items.prefix(5).map(\.group))
    let header = try FewShotHeader(count: 4, from: items, excluding: asked, seed: 1)
    #expect(Set(header.examples.map(\.group)).count == 4)
    #expect(asked.isDisjoint(with: header.examples.map(\.group)))
    #expect(header.examples.count { $0.matchingLetter == "A" } == 2)
    #expect(try header == FewShotHeader(count: 4, from: items, excluding: asked, seed: 1))
    let builder = PromptBuilder.fewShot(header)
    let pairs = try items.prefix(5).map { try builder.pair(for: $0) }
    #expect(pairs.allSatisfy { $0.prefix.hasPrefix(header.text) && $0.prefix.hasSuffix($0.item.text) })
    #expect(header.text.hasPrefix(header.examples[0].text + (header.examples[0].matchingAnswer ?? "") + "\n\nHello"))
  }

  @Test("Few shot headers never solve the question asked")
  func fewShotHeadersNeverSolveTheQuestionAsked() throws {
    let items = (0..<3).map { item($0, group: "g\($0)") }
    let header = try FewShotHeader(count: 2, from: items, excluding: [items[2].group], seed: 0)
    #expect(
      message { _ = try PromptBuilder.fewShot(header).prompt(for: items[0]) }
        == "data (row 0): the few-shot header solves the question of this row; exclude its group from the header")
    #expect(
      message { _ = try FewShotHeader(count: 3, from: items, excluding: [items[2].group], seed: 0) }
        == "3 examples were asked for and 2 other questions with answers are left; "
        + "ask for fewer or keep some questions apart for them")
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
