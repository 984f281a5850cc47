import Foundation
import Testing

@testable import Steering

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSONNode {
    try JSONParser.parse(InputFile(bytes: Array(text.utf8), name: "t.json"))
  }

  @Test func valuesKeepTheirOrderAndLines() throws {
    let node = try parse("{\"b\": 1,\n \"a\": [true, null,\n\"x\"]}")
    guard case .object(let members) = node.value, case .array(let elements) = members[1].node.value else {
      Issue.record("the value is \(node)")
      return
    }
    #expect(members.map(\.key) == ["b", "a"])
    #expect(members.map(\.node.line) == [1, 2])
    #expect(
      elements == [
        .init(line: 2, value: .bool(true)), .init(line: 2, value: .null), .init(line: 3, value: .string("x")),
      ])
  }

  @Test func escapesAndSurrogatePairsAreDecoded() throws {
    #expect(try parse(#""a\n\t\"\\\/\u00e9\u2019\ud83d\ude00""#).value == .string("a\n\t\"\\/é’😀"))
  }

  @Test func numbersAreRead() throws {
    #expect(try parse("[-1.5e2, 0, 7]").value == .array([-150, 0, 7].map { JSONNode(line: 1, value: .number($0)) }))
  }

  @Test(
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
      ("NaN", "\"NaN\" is not a value"),
      ("0x10", "\"0x10\" is not a value"),
      ("1e999", "\"1e999\" is not a value"),
      ("1 2", "text after the end of the value"),
      ("", "the text ends where a value should be"),
      (String(repeating: "[", count: 100_000), "nested deeper than 64 levels"),
    ])
  func invalidJSONIsRefused(text: String, what: String) {
    #expect(message { _ = try parse(text) } == "t.json:1: invalid JSON, \(what); mend this line")
  }

  @Test func theLineOfAnErrorIsNamed() {
    #expect(message { _ = try parse("[\n{},\n{]\n") }.hasPrefix("t.json:3: invalid JSON"))
  }
}
