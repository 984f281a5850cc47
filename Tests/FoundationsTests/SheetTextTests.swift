import Foundations
import Testing

@Suite("Text in tables is neither computed by a spreadsheet nor obeyed by a terminal, and comes back as it was")
struct SheetTextTests {
  @Test(
    "Formulas get an apostrophe, hidden characters become their numbers",
    arguments: [
      ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"), ("+1+1", "'+1+1"), ("-2+3", "'-2+3"), ("@SUM(1)", "'@SUM(1)"),
      ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("\u{FF1D}1+1", "'\u{FF1D}1+1"), ("'=1", "''=1"),
      ("\u{202E}abc", "\u{27E8}U+202E\u{27E9}abc"), ("\u{1B}[31mred", "\u{27E8}U+1B\u{27E9}[31mred"),
      ("\u{FEFF}=1", "\u{27E8}U+FEFF\u{27E9}=1"), ("x\u{0}y", "x\u{27E8}U+0\u{27E9}y"),
      ("\u{27E8}U+41\u{27E9}", "\u{27E8}U+27E8\u{27E9}U+41\u{27E9}"),
    ])
  func escapes(_ text: String, _ expected: String) {
    #expect(SheetText.escaped(text) == expected)
    #expect(Array(SheetText.restored(expected).unicodeScalars) == Array(text.unicodeScalars))
  }

  @Test(
    "Numbers and plain text stay as they are",
    arguments: ["-0.5", "+3", "-1e-300", "-inf", "", "'tis so", "a = b", "two\nlines", "é", "日本語", "\u{27E8}x\u{27E9}"])
  func plain(_ text: String) {
    #expect(SheetText.escaped(text) == text && SheetText.restored(text) == text)
  }

  @Test("What is escaped can be told from what looks like it")
  func roundTrip() {
    let alphabet: [String] = [
      "'", "=", "-", "1", "\u{27E8}", "\u{27E9}", "U", "+", "4", "\u{1B}", "\u{202E}", "\n", "\r", "\t", "e", ".",
    ]
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<5_000 {
      let text = (0..<generator.index(below: 9)).map { _ in alphabet[generator.index(below: alphabet.count)] }.joined()
      let back = SheetText.restored(SheetText.escaped(text))
      #expect(Array(back.unicodeScalars) == Array(text.unicodeScalars))
    }
  }

  @Test("A message stays on one line, under 400 characters, and quotes at most 80 of a file")
  func messages() {
    let long = String(repeating: "A", count: 5_000)
    let sentence = SafeText.sentence("/folder/file.json (merges[3]): names \"\(long)\"; mend\n\u{1B}[31mthis")
    #expect(sentence.count < 400 && !sentence.contains("\n") && !sentence.contains("\u{1B}"))
    #expect(sentence.hasPrefix("/folder/file.json (merges[3]): names \"AAA"))
    #expect(
      sentence.contains(String(repeating: "A", count: 80)) && !sentence.contains(String(repeating: "A", count: 81)))
    #expect(SafeText.sentence(String(repeating: "word ", count: 400)).count < 400)
    let path = "/" + String(repeating: "folder/", count: 100) + "name.csv"
    #expect(SafeText.sentence("\(path): is missing").hasSuffix("name.csv: is missing"))
    #expect(InputLocation(file: "f", item: long).description.count < 100)
  }
}
