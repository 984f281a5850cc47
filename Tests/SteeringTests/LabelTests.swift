import Foundation
import Testing

@testable import Steering

@Suite struct LabelTests {
  @Test(
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

  @Test(arguments: ["", "hand", "hand:", "hand: ", "judge:", "Letter", "human:x", ":x"])
  func otherStringsAreNoSources(text: String) {
    #expect(LabelSource(text) == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([LabelSource].self, from: Data("[\"\(text)\"]".utf8))
    }
  }

  @Test func labelsAndUnparsableAnswersAreCountedByGroup() {
    var tally = LabelTally()
    let (first, second) = (item(0, group: "first", letter: "B"), item(1, group: "second", letter: "A"))
    for answer in [ParsedAnswer.choice(1), .choice(0), .unparsable(.refusal)] { tally.add(answer, to: first) }
    for answer in [ParsedAnswer.choice(0), .unparsable(.empty), .unparsable(.refusal)] { tally.add(answer, to: second) }
    #expect(tally.overall.positives == 2 && tally.overall.negatives == 1)
    #expect(tally.overall.unparsable == [.refusal: 2, .empty: 1])
    #expect(tally.byGroup["first"]?.total == 3)
    #expect(tally.byGroup["second"]?.unparsableTotal == 2)
    #expect(
      tally.unparsableSentence
        == "3 of 6 answers could not be parsed (1 empty, 2 refusal), in 2 of 2 questions, most in second (2 of 3)")
  }

  @Test func nothingIsSaidWhenAllCouldBeParsed() {
    var tally = LabelTally()
    tally.add(.choice(0), to: item(0, group: "g"))
    #expect(tally.unparsableSentence == nil)
  }
}
