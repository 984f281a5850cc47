import Foundation
import Testing

@testable import Steering

@Suite struct LabelTests {
  @Test(
    "Sources have string forms",
    arguments: [
      ("letter", LabelSource.letter), ("forced-choice", .forcedChoice), ("hand:Ana B.", .hand(rater: "Ana B.")),
      ("judge:gpt:4", .judge(name: "gpt:4")), ("reference", .reference),
    ])
  func sourcesHaveStringForms(text: String, source: LabelSource) throws {
    #expect(LabelSource(text) == source)
    #expect(source.description == text)
    let encoded = try JSONEncoder().encode([source])
    #expect(String(decoding: encoded, as: UTF8.self) == "[\"\(text)\"]")
    #expect(try JSONDecoder().decode([LabelSource].self, from: encoded) == [source])
  }

  @Test(
    "Other strings are no sources", arguments: ["", "hand", "hand:", "hand: ", "judge:", "Letter", "human:x", ":x"])
  func otherStringsAreNoSources(text: String) {
    #expect(LabelSource(text) == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([LabelSource].self, from: Data("[\"\(text)\"]".utf8))
    }
  }
}
