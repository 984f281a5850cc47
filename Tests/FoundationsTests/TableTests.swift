import Foundation
import Foundations
import Testing

@Suite("Tables declared by columns")
struct TableTests {
  private struct Row: Sendable {
    var name: String
    var count: Int?
    var area: Double?
    var low: Double?
    var high: Double?
    var notes: [String] = []
  }

  private let table = Table<Row>(
    "areas", "One area.",
    [.text("name", "What it is called.", \.name), .integer("count", "Rows.", unit: "rows", \.count)],
    .estimate("area", "The area.", unit: "0 to 1", value: \.area, low: \.low, high: \.high),
    [.list("notes", "What is odd.", \.notes)])
  private let rows = [
    Row(name: "a,b", count: 3, area: 0.25, low: 0.125, high: 0.5, notes: ["One.", "Two."]),
    Row(name: "c", area: .infinity),
  ]

  @Test("CSV holds every digit, and nothing where a value is undefined")
  func csv() {
    #expect(
      table.csv(rows) == "name,count,area,area_low,area_high,notes\n\"a,b\",3,0.25,0.125,0.5,One. Two.\nc,,inf,,,\n")
  }

  @Test("What is written is read back with the declared kinds")
  func roundTrip() throws {
    let stored = try table.read(CSVTable(parsing: table.csv(rows), file: "areas.csv"))
    #expect(stored.rows.map { $0["name"] } == ["a,b", "c"])
    #expect(stored.rows.map { $0.integer("count") } == [3, nil] && stored.rows[0].number("area_low") == 0.125)
    #expect(stored.rows[1].number("area") == .infinity && stored.rows[0]["notes"] == "One. Two.")
  }

  @Test("A field of another kind is refused with its line and column; a missing column is undefined")
  func wrongFields() throws {
    let error = #expect(throws: TelltaleError.self) {
      try table.read(CSVTable(parsing: "name,count\na,1\nb,1.5\n", file: "areas.csv"))
    }
    #expect(
      try #require(error).description == "areas.csv:3 (column count): \"1.5\" is no integer; compute the table again")
    let old = try table.read(CSVTable(parsing: "name\na\n", file: "areas.csv"))
    #expect(old.rows[0].number("area") == nil && old.rows[0]["notes"] == "")
    #expect(throws: TelltaleError.self) { try table.read(CSVTable(parsing: "count\n1\n", file: "areas.csv")) }
  }

  @Test("JSON has null for what is undefined or infinite, and lists as lists")
  func json() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(table.values(rows)), as: UTF8.self)
    #expect(
      text
        == "[{\"area\":0.25,\"area_high\":0.5,\"area_low\":0.125,\"count\":3,\"name\":\"a,b\",\"notes\":[\"One.\",\"Two.\"]},"
        + "{\"area\":null,\"area_high\":null,\"area_low\":null,\"count\":null,\"name\":\"c\",\"notes\":[]}]")
  }

  @Test("A brief table puts a number and its interval into one cell")
  func brief() {
    let brief = table.brief.values(rows)
    #expect(brief.header == ["name", "count", "area", "notes"])
    #expect(brief.rows[0][2] == .text("0.250 [0.125, 0.500]") && brief.rows[1][2] == .text("inf [undefined]"))
    #expect(table.only(["area", "name"]).header == ["area", "name"] && table.without(["area"]).header.count == 5)
  }

  @Test("Columns of a part are lifted with their names changed, and are undefined without it")
  func parts() {
    let whole = Table<Row?>("parts", "", .of(table.columns, prefix: "x_", suffix: "_in", about: "Inside: ") { $0 })
    #expect(whole.header.first == "x_name_in" && whole.columns[1].help == "Inside: Rows.")
    #expect(whole.csv([nil]) == whole.header.joined(separator: ",") + "\n,,,,,\n")
  }

  @Test("The reference names every column with its type, unit and meaning")
  func reference() {
    #expect(
      table.reference.hasPrefix("One area.\n\n| column | type | what it holds |\n|---|---|---|\n| `name` | text | What")
    )
    #expect(table.reference.contains("| `count` | integer, rows | Rows. |\n| `area` | number, 0 to 1 | The area. |\n"))
  }
}
