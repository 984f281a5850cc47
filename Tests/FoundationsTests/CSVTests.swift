import Foundation
import TestSupport
import Testing

@testable import Foundations

@Suite struct CSVTests {
  private func table(_ text: String) throws -> CSVTable { try CSVTable(parsing: text, file: "t.csv") }

  @Test("Quoted fields may hold commas quotes and line breaks")
  func quotedFieldsMayHoldCommasQuotesAndLineBreaks() throws {
    let table = try table("a,b\n\"x, y\",\"he said \"\"hi\"\"\"\n\"two\r\nlines\",\n")
    #expect(table.header == ["a", "b"])
    #expect(table.rows.map(\.fields) == [["x, y", "he said \"hi\""], ["two\r\nlines", ""]])
  }

  @Test("Rows know the line they begin on")
  func rowsKnowTheLineTheyBeginOn() throws {
    let table = try table("a\n\"1\n2\n3\"\n\n4\n")
    #expect(table.rows.map(\.line) == [2, 6])
  }

  @Test("Every line end is understood", arguments: ["\n", "\r\n", "\r"]) func everyLineEndIsUnderstood(end: String)
    throws
  {
    let table = try table(["score,label", "0.5,1", "\"-1\",0"].joined(separator: end))
    #expect(table.rows.map(\.fields) == [["0.5", "1"], ["-1", "0"]])
    #expect(table.rows.map(\.line) == [2, 3])
  }

  @Test("A byte order mark is not part of the first column")
  func aByteOrderMarkIsNotPartOfTheFirstColumn() throws {
    #expect(try table("\u{FEFF}score\n1\n").header == ["score"])
  }

  @Test("Columns are read as numbers and text")
  func columnsAreReadAsNumbersAndText() throws {
    let table = try table("score,label,name\n0.25,1,x\n-1e-3, 0 ,=1+1\n")
    #expect(try table.column("score").numbers() == [0.25, -0.001])
    #expect(try table.column("label").integers() == [1, 0])
    #expect(try table.column("name").strings == ["x", "=1+1"])
    #expect(table.columnIfPresent("group")?.name == nil)
    #expect(try self.table("p\n1\n\" \"\n").column("p").optionalNumbers() == [1, nil])
  }

  @Test(
    "Malformed tables are refused with their line",
    arguments: [
      ("a,b\n1,2\n\"3,4\n", "t.csv:3: a quote is opened here and never closed; add the closing quote"),
      ("a,b\n1,2,3\n", "t.csv:2: the row has 3 fields and the header 2; quote fields that hold commas"),
      (
        "a\n6\" tall\n",
        "t.csv:2: a quote inside an unquoted field; quote the whole field and double the quotes in it"
      ),
      ("a\n\"x\"y\n", "t.csv:2: text after a closing quote; double the quotes inside a quoted field"),
      ("", "t.csv: the file is empty; its first line should name the columns"),
      ("a,b,a\n", "t.csv:1: the column \"a\" is named twice; rename one"),
    ])
  func malformedTablesAreRefusedWithTheirLine(text: String, expected: String) {
    #expect(message { _ = try table(text) } == expected)
  }

  @Test("Wrong values are refused with their line and column")
  func wrongValuesAreRefusedWithTheirLineAndColumn() throws {
    let table = try table("score\n1\n\nnan\n")
    let expected = "t.csv:4 (column score): \"nan\" is not a finite number; mend the value"
    #expect(message { _ = try table.column("score").numbers() } == expected)
    #expect(message { _ = try table.column("label") } == "t.csv:1: there is no column \"label\"; the columns are score")
    let half = "t.csv:2 (column n): \"1.5\" is not a whole number; mend the value"
    #expect(message { _ = try self.table("n\n1.5\n").column("n").integers() } == half)
  }

  @Test("Invalid UTF-8 is refused with its line")
  func invalidUTF8IsRefusedWithItsLine() {
    let bytes = Array("a\nb\n".utf8) + [0xFF, 0x0A]
    let expected = "t.csv:3: the text is not valid UTF-8; save the file as UTF-8"
    #expect(message { _ = try InputFile(bytes: bytes, name: "t.csv") } == expected)
  }

  @Test("What is written is read back exactly")
  func whatIsWrittenIsReadBackExactly() throws {
    let rows = [
      ["plain", "", " spaces "], ["a,b", "\"quoted\"", "\"\u{301}"], ["two\nlines", "\r", "\r\n"],
      ["=1+1", "-2", "+3"],
      ["\u{FEFF}mark", "é", "日本語"],
    ]
    let text = CSVWriter.text(header: ["x", "y", "z"], rows: rows)
    #expect(try table(text).restored.rows.map(\.fields) == rows)
    #expect(CSVWriter.line(["1", "a\"b"]) == "1,\"a\"\"b\"")
    let single = CSVWriter.text(header: ["\u{FEFF}x"], rows: [[""], ["1"]])
    #expect(try table(single).rows.map(\.fields) == [[""], ["1"]])
    #expect(try table(single).restored.header == ["\u{FEFF}x"])
  }

  @Test("Random tables survive a round trip")
  func randomTablesSurviveARoundTrip() throws {
    var generator = SeededGenerator(seed: 7)
    let alphabet = ["\"", ",", "\n", "\r", " ", "a", "é", "\u{FEFF}", ""]
    for _ in 0..<200 {
      let columns = 1 + generator.index(below: 4)
      let rows = (0..<generator.index(below: 5)).map { _ in
        (0..<columns).map { _ in
          (0..<generator.index(below: 4)).map { _ in alphabet[generator.index(below: alphabet.count)] }.joined()
        }
      }
      let text = CSVWriter.text(header: (0..<columns).map { "c\($0)" }, rows: rows)
      // Compared as scalars: String's == takes canonically equivalent texts for equal.
      let read = try table(text).restored.rows.map { $0.fields.map { Array($0.unicodeScalars) } }
      #expect(read == rows.map { $0.map { Array($0.unicodeScalars) } })
    }
  }

  @Test("The published scores are read", .enabled(if: Fixtures.hasShared("data/seed-results/groups.csv")))
  func thePublishedScoresAreRead() throws {
    let scores = try CSVTable(contentsOf: Fixtures.shared("data/seed-results/Zephyr_Anthropic_prompt_13.csv"))
    #expect(try scores.column("score").numbers().count == 288)
    #expect(try Set(scores.column("label").integers()) == [0, 1])
    let groups = try CSVTable(contentsOf: Fixtures.shared("data/seed-results/groups.csv")).column("group").strings
    #expect(groups.count { $0 == "religion-and-government" } == 133)
  }
}
