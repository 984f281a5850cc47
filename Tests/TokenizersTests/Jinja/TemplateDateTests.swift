import Testing
import Tokenizers

@Suite("The date that a template reads")
struct TemplateDateTests {
  private func formatted(_ date: String, _ format: String) throws -> String {
    var request = ChatRequest(messages: [])
    let day = try #require(TemplateDate(date))
    request.date = day
    return try JinjaTemplate("{{ strftime_now('\(format)') }}").render(request).text
  }

  /// By Python: `datetime(...).strftime("%j %U %W %V %G %u %w")`.
  @Test(
    "weeks and days of the year are counted as the C library counts them",
    arguments: [
      ("2026-01-15", "015 02 02 03 2026 4 4"), ("2024-12-31", "366 52 53 01 2025 2 2"),
      ("2021-01-01", "001 00 00 53 2020 5 5"),
      ("2000-02-29", "060 09 09 09 2000 2 2"), ("1999-12-31", "365 52 52 52 1999 5 5"),
      ("2023-01-01", "001 01 00 52 2022 7 0"),
      ("1900-03-01", "060 08 09 09 1900 4 4"), ("2020-12-31", "366 52 52 53 2020 4 4"),
    ])
  func weeks(_ date: String, _ wanted: String) throws {
    #expect(try formatted(date, "%j %U %W %V %G %u %w") == wanted)
  }

  @Test("a day with and without a time is read, anything else is not")
  func reading() throws {
    #expect(try formatted("2026-03-05 23:07", "%c") == "Thu Mar  5 23:07:00 2026")
    #expect(try formatted("2026-03-05T00:07:09", "%I:%M:%S %p") == "12:07:09 AM")
    for text in [
      "", "2026", "2026-02-29", "2026-13-01", "2026-1", "x", "2026-01-01 25:00", "2026-01-01 10", "2026--1-1",
    ] {
      #expect(TemplateDate(text) == nil, "\(text)")
    }
  }
}
