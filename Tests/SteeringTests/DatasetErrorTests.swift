import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing

@testable import Steering

@Suite struct DatasetErrorTests {
  private static let good =
    #"{"question": "Is it?\n (A) x\n (B) y", "answer_matching_behavior": "(A)", "answer_not_matching_behavior": "(B)"}"#

  @Test(
    "A bad row is refused with its place and remedy",
    arguments: [
      (
        #"{"question": "q", "answer_matching_behavior": "(A)"}"#,
        "data:2 (row 1): the row has no field \"answer_not_matching_behavior\"; add it"
      ),
      (
        #"{"question": 3, "answer_matching_behavior": "(A)", "answer_not_matching_behavior": "(B)"}"#,
        "data:2 (row 1): the field \"question\" is a number and should be a string"
      ),
      (
        #"{"question": " ", "answer_matching_behavior": "(A)", "answer_not_matching_behavior": "(B)"}"#,
        "data:2 (row 1): the field \"question\" is blank; fill it in or remove the row"
      ),
      (
        #"{"question": "q\n(A) x\n(B) y", "answer_matching_behavior": "(C)", "answer_not_matching_behavior": "(B)"}"#,
        "data:2 (row 1): the answer \"(C)\" is not among the choices (A), (B); mend the row"
      ),
      (
        #"{"question": "q", "answer_matching_behavior": "Yes", "answer_not_matching_behavior": " yes"}"#,
        "data:2 (row 1): the matching and the other answer are both \"Yes\"; they should differ"
      ),
      (
        #"{"question": "q", "answer_matching_behavior": "Yes", "answer_not_matching_behavior": [1]}"#,
        "data:2 (row 1): the field \"answer_not_matching_behavior\" should be a list of one or more strings"
      ),
      (
        #"{"question": "q", "answer_matching_behavior": ["a", "b"], "answer_not_matching_behavior": "c"}"#,
        "data:2 (row 1): the row has 2 matching answers and should have one"
      ),
      ("[1]", "data:2 (row 1): the row is a list and should be an object"),
      ("{\"question\": \"q\"", "data:2: invalid JSON, an object is not closed; mend this line"),
    ])
  func aBadRowIsRefusedWithItsPlaceAndRemedy(row: String, expected: String) {
    #expect(message { _ = try items(Self.good + "\n" + row, format: .anthropic) } == expected)
  }

  @Test("A bad element of a list is refused with its line")
  func aBadElementOfAListIsRefusedWithItsLine() {
    let text = "[\n\(Self.good),\n\n {\"question\": null}\n]"
    #expect(
      message { _ = try items(text) }
        == "data:4 (row 1): the field \"question\" is null and should be a string")
  }

  @Test("Empty data sets are refused", arguments: ["", "\n\n", "[]", " [ ] "]) func emptyDataSetsAreRefused(
    text: String
  ) {
    for format in [DatasetFormat.anthropic, .caa] where !(text.contains("[") && format == .anthropic) {
      let found = message { _ = try items(text, format: format) }
      #expect(found == "data: the data set is empty; it should hold at least one row")
    }
  }

  @Test("Unknown formats are refused")
  func unknownFormatsAreRefused() {
    #expect(message { _ = try items("{\"prompt\": \"x\"}") }.contains("the format is not recognised"))
    #expect(
      message { _ = try items("x,y\n1,2\n") }
        == "data:1: the format is not recognised; it should be one of anthropic, caa, contrast, truthfulqa, "
        + "truthfulqa-mc, sycophancy-eval, sycon-bench, elephant, or a table with the columns question, "
        + "answer_matching_behavior and answer_not_matching_behavior")
  }

  @Test("A row of a table that lacks an answer is named with its line")
  func incompleteTables() {
    let header = "question,answer_matching_behavior,answer_not_matching_behavior\n"
    #expect(
      message { _ = try items(header + "a?,Yes,No\n\"b\n?\",Yes,No\nc?,Yes,\n") }
        == "data:5 (row 2): the row has no field \"answer_not_matching_behavior\"; add it")
    #expect(
      message { _ = try items(header + "a?,Yes,Yes\n") }
        == "data:2 (row 0): the matching and the other answer are both \"Yes\"; they should differ")
  }

  @Test("Incomplete truthful QA rows are refused")
  func incompleteTruthfulQARowsAreRefused() {
    let header = "Question,Best Answer,Correct Answers,Incorrect Answers\n"
    #expect(
      message { _ = try items(header + "q,a,a,b\nq,a,a,;\n") }
        == "data:3 (row 1): the row lacks its question, best, correct or incorrect answers; fill them in")
    #expect(message { _ = try items("Question\nq\n", format: .truthfulQA) }.contains("no column \"Best Answer\""))
  }

  @Test("Bad multiple choice targets are refused")
  func badMultipleChoiceTargetsAreRefused() {
    func row(_ mc1: String) -> String {
      #"[{"question": "q", "mc1_targets": \#(mc1), "mc2_targets": {"a": 1, "b": 0}}]"#
    }
    #expect(message { _ = try items(row(#"{"a": 2}"#)) }.contains("the value of \"a\" should be 0 or 1"))
    #expect(message { _ = try items(row(#"{"a": 1, "b": 1}"#)) }.contains("should have one target of value 1"))
    #expect(message { _ = try items(row("[]")) }.contains("is a list and should be an object"))
    let long = message { _ = try items(row("{\"\(String(repeating: "A", count: 5_000))\": 7}")) }
    #expect(long.contains("the value of \"AAA") && long.utf8.count < 400, "\(long.prefix(500))")
  }

  @Test("Missing files and folders are refused")
  func missingFilesAndFoldersAreRefused() {
    let missing = URL(fileURLWithPath: "nowhere.jsonl")
    #expect(message { _ = try Dataset.load(missing) } == "nowhere.jsonl: there is no such file; check the path")
    let folder = TestData.fixture("")
    #expect(message { _ = try Dataset.load(folder) }.hasSuffix("not a regular file; give the path of a data file"))
  }

  @Test("A file over the bound is refused")
  func aFileOverTheBoundIsRefused() {
    let url = TestData.fixture("persona.jsonl")
    #expect(
      message { _ = try InputFile(contentsOf: url, maximumBytes: 100) }
        .hasSuffix("the file has 2601 bytes, more than the 100 that are read; split it"))
  }

  @Test("An overlong line is refused")
  func anOverlongLineIsRefused() {
    let file = Result {
      try InputFile(bytes: [UInt8](repeating: UInt8(ascii: "x"), count: InputFile.maximumLineBytes + 1), name: "data")
    }
    let expected = "data:1: the line is longer than 16777216 bytes; put one JSON object on each line"
    #expect(message { _ = try Dataset.items(in: file.get(), source: "data", format: .anthropic) } == expected)
  }

  @Test(
    "Damaged files are read or refused with their name",
    arguments: ["survival-instinct.jsonl", "caa-ab.json", "truthfulqa-2021.csv", "mc_task.json"])
  func damagedFilesAreReadOrRefusedWithTheirName(name: String) throws {
    let original = try Array(InputFile(contentsOf: TestData.fixture(name)).bytes.prefix(3000))
    var generator = SeededGenerator(seed: 11)
    let alphabet = Array("{}[]\",\\\n\r:;0u()A ".utf8) + [0, 0xFF]
    var (accepted, refused) = (0, 0)
    for _ in 0..<200 {
      var bytes = original.dropLast(generator.index(below: original.count))
      for _ in 0..<3 where !bytes.isEmpty {
        bytes[generator.index(below: bytes.count)] = alphabet[generator.index(below: alphabet.count)]
      }
      do throws(TelltaleError) {
        let file = try InputFile(bytes: Array(bytes), name: name)
        #expect(try !Dataset.items(in: file, source: name, format: nil).isEmpty)
        accepted += 1
      } catch {
        #expect(error.location?.file == name && error.code == .badInput)
        refused += 1
      }
    }
    // A list or an object that is cut off is none; of rows of CSV the last is only shorter.
    let isCSV = name.hasSuffix(".csv")
    #expect(refused > 20 && accepted + refused == 200, "\(accepted) accepted, \(refused) refused")
    #expect(!isCSV || accepted > 0, "\(accepted) accepted, \(refused) refused")
  }
}
