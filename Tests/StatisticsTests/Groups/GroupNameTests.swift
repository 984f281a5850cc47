import Testing

@testable import Statistics

@Suite("Names of groups")
struct GroupNameTests {
  @Test("Blank spellings are missing groups, ordinary names are not")
  func blankSpellingsMissing() {
    for blank in ["", " ", "\t", "\u{FEFF}", "nan", "NaN", "NA", "n/a", "None", " null ", "<NA>", "\u{200B}"] {
      #expect(GroupNames.isBlank(blank), "\"\(blank)\"")
    }
    for name in ["0", "q1", "Nan's question", "-", "nonesuch"] { #expect(!GroupNames.isBlank(name)) }
    #expect(GroupNames.blankRows(["a", "", "b", "NA"]) == [1, 3])
  }

  @Test(
    "Names that differ only in what cannot be seen are found",
    arguments: [
      (["q1", "q1 "], AlikeNames.Difference.whiteSpace), (["a b", "a  b"], .whiteSpace),
      (["a b", "a\u{A0}b"], .whiteSpace),
      (["q1", "\u{FEFF}q1"], .invisible), (["q1", "q\u{200B}1"], .invisible), (["Q1", "q1"], .letterCase),
      (["caf\u{E9}", "cafe\u{301}"], .composition), (["1", "1.0"], .number), (["7", "007"], .number),
    ])
  func namesDifferOnly(
    _ names: [String], _ difference: AlikeNames.Difference
  ) throws {
    let found = try #require(GroupNames.alike(["other"] + names + ["another"]).first)
    #expect(found.spellings.map { Array($0.unicodeScalars) } == names.map { Array($0.unicodeScalars) })
    #expect(found.differences == [difference])
    #expect(found.sentence.contains(difference.rawValue))
  }

  @Test("Names that differ visibly are left alone")
  func namesDifferVisibly() {
    #expect(
      GroupNames.alike([
        "q1", "q2", "q10", "q1", "1.5", "1.50001", "a-b", "ab", "12345678901234567", "12345678901234568",
      ])
      .isEmpty)
    #expect(GroupNames.alike([]).isEmpty)
  }

  @Test("Marks that cannot be seen are written as code points")
  func marksCannotSeen() throws {
    let found = try #require(GroupNames.alike(["q1", "\u{FEFF}q1"]).first)
    #expect(
      found.sentence
        == "The groups \"q1\", \"<U+FEFF>q1\" differ only in invisible characters and count as 2 questions; "
        + "write them alike, or confirm that they are different.")
  }

  @Test("A slip of the pen in the column's name is seen through")
  func slipPenColumn() {
    let values = (0..<40).map { "\($0 / 4)" }
    for name in ["gruop", "Group", " group", "groups", "grp", "question", "Question ID", "\u{FEFF}group"] {
      let guess = GroupColumnGuess.likeliest([("letter", values.map { _ in "A" }), (name, values)])
      #expect(guess == GroupColumnGuess(column: name, reason: .name), "\(name)")
    }
  }

  @Test("A column whose values repeat as questions do is suggested, letters and measurements are not")
  func columnWhoseValues() {
    let rows = 0..<60
    let columns = [
      ("letter", rows.map { $0 % 2 == 0 ? "A" : "B" }), ("length", rows.map { "\(Double($0 / 3) + 0.5)" }),
      ("scenario", rows.map { "s\($0 / 6)" }), ("row", rows.map { "\($0)" }),
    ]
    let guess = GroupColumnGuess.likeliest(columns)
    #expect(guess == GroupColumnGuess(column: "scenario", reason: .values(distinct: 10, rowsEach: 6)))
    #expect(guess?.sentence.contains("10 of them, 6.00 rows each") == true)
    #expect(GroupColumnGuess.likeliest(Array(columns.prefix(2))) == nil)
  }
}
