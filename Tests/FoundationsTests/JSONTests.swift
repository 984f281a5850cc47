import Foundation
import TestSupport
import Testing

@testable import Foundations

@Suite struct JSONTests {
  private func file(_ text: String) throws -> InputFile { try InputFile(bytes: Array(text.utf8), name: "t.json") }
  private func parse(_ text: String) throws -> JSONValue { try file(text).json() }

  @Test("Values keep their order and places")
  func valuesKeepTheirOrderAndPlaces() throws {
    let file = try file("{\"b\": 1,\n \"a\": [true, null,\n\"x\"]}")
    let members = try #require(try file.json().object)
    let elements = try #require(members[1].value.array)
    #expect(members.map(\.key.string) == ["b", "a"])
    #expect(members.map { file.line(at: $0.value.position) } == [1, 2])
    #expect(elements.map { file.line(at: $0.position) } == [2, 2, 3])
    #expect(elements[0].bool == true && elements[1].isNull && elements[2].string == "x")
  }

  @Test("Escapes and surrogate pairs are decoded")
  func escapesAndSurrogatePairsAreDecoded() throws {
    #expect(try parse(#""a\n\t\"\\\/\u00e9\u2019\ud83d\ude00""#).string == "a\n\t\"\\/é’😀")
  }

  @Test("Numbers are read")
  func numbersAreRead() throws {
    #expect(try parse("[-1.5e2, 0, 7]").array?.map(\.number) == [-150, 0, 7])
  }

  @Test(
    "Invalid JSON is refused",
    arguments: [
      ("{\"a\": 1", "an object is not closed"),
      ("[1 2]", "a list is not closed"),
      ("[1,]", "\"\" is not a value"),
      ("\"abc", "a string is not closed"),
      ("\"a\nb\"", "a string holds a line break or control character"),
      ("\"\\q\"", "an unknown escape after a backslash"),
      ("\"\\ud83d\"", "half of a surrogate pair"),
      ("\"\\ude00\"", "half of a surrogate pair"),
      ("\"\\u12\"", "\\u needs four hexadecimal digits"),
      ("{a: 1}", "a key in double quotes is missing"),
      ("{\"a\" 1}", "a colon is missing after the key \"a\""),
      ("NaN", "the value is NaN, which JSON does not have (write null)"),
      ("{\"a\": [Infinity]}", "the value of the key \"a\" is Infinity, which JSON does not have (write null)"),
      ("007", "\"007\" is not a value"), ("-01", "\"-01\" is not a value"), ("1.", "\"1.\" is not a value"),
      (".5", "\".5\" is not a value"), ("1e", "\"1e\" is not a value"),
      ("0x10", "\"0x10\" is not a value"),
      ("1e999", "\"1e999\" is not a value"),
      ("1 2", "text after the end of the value"),
      ("", "the text ends where a value should be"),
      (String(repeating: "[", count: 100_000), "nested deeper than 64 levels"),
    ])
  func invalidJSONIsRefused(text: String, what: String) {
    #expect(message { _ = try parse(text) } == "t.json:1: invalid JSON, \(what); mend this line")
  }

  @Test("The line of an error is named")
  func theLineOfAnErrorIsNamed() {
    #expect(message { _ = try parse("[\n{},\n{]\n") }.hasPrefix("t.json:3: invalid JSON"))
  }
}
