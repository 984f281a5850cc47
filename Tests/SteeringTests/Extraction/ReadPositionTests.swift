import Foundation
import LanguageModels
import TestSupport
import Testing
import Tokenizers

@testable import Steering

/// Where texts are read: the token found by character offset must carry what its rule names, which decoding shows.
@Suite struct ReadPositionTests {
  /// A tokenizer, and the chat template to use with it.
  struct Case: Sendable, CustomTestStringConvertible {
    var tokenizer: URL
    var template: String?
    /// Whether it has chats at all.
    var chats = true
    var testDescription: String { "\(tokenizer.lastPathComponent) \(template ?? "own template")" }
  }

  /// Those of the tiny models, and the published ones where they are present.
  static let cases: [Case] = {
    let published = [
      ("llama-2", nil, true), ("llama-2", "mistral", true), ("mistral-v1", nil, true), ("mistral-v1", "mistral", true),
      ("qwen2.5", nil, true), ("gpt2", nil, false), ("llama-2/variants/metaspace-non-legacy", "llama-2", true),
      ("llama-2/variants/normalized-added-tokens", "llama-2", true),
      ("llama-2/variants/normalized-added-tokens", "zephyr", true),
    ].filter { TestData.hasShared("tokenizers/\($0.0)/tokenizer.json") }
    return TinyModel.names.map { Case(tokenizer: Fixtures.file("models/\($0)")) }
      + published.map { Case(tokenizer: TestData.shared("tokenizers/\($0.0)"), template: $0.1, chats: $0.2) }
  }()

  /// Every tokenizer, read once for all tests.
  private static let tokenizers = Dictionary(
    uniqueKeysWithValues: Set(cases.map(\.tokenizer)).map { url in
      (url, Result { try Tokenizer.load(directory: url) })
    })

  private static func encoders(_ tested: Case) throws -> [PromptEncoder] {
    let tokenizer = try #require(tokenizers[tested.tokenizer]).get()
    let pool = try fixtureItems("survival-instinct.jsonl")
    let header = try FewShotHeader(count: 3, from: pool, excluding: [], seed: 2)
    let chat = tested.chats ? [try PromptEncoder.chat(tokenizer, template: tested.template)] : []
    return [.plain(tokenizer), .fewShot(tokenizer, header)] + chat
  }

  private static func items() throws -> [Item] {
    try ["political.jsonl", "persona.jsonl", "caa-ab.json"].flatMap { try fixtureItems($0).prefix(5) }
  }

  /// Both halves of every item's pair, as text, read at a position.
  private func check(
    _ tested: Case, _ position: ReadPosition,
    _ body: (_ encoder: PromptEncoder, _ pair: ContrastPair, _ answer: String, _ text: ReadableText) throws -> Void
  ) throws {
    for encoder in try Self.encoders(tested) {
      for item in try Self.items() {
        let pair = try encoder.builder.pair(for: item)
        for (answer, letter) in [
          (pair.positive, pair.positiveAnswerOffset), (pair.negative, pair.negativeAnswerOffset),
        ] {
          let text = try encoder.readable(prefix: pair.prefix, answer: answer, letter: letter, at: position)
          try body(encoder, pair, answer, text)
        }
      }
    }
  }

  @Test("The answer is read at the token that carries its letter", arguments: cases)
  func readsTheLetter(_ tested: Case) throws {
    try check(tested, .answer) { encoder, pair, answer, text in
      #expect(text.read.count == 1)
      let read = encoder.tokenizer.decode(Array(text.ids[text.read]), skipSpecialTokens: false)
      let letters = String(read.unicodeScalars.filter(\.properties.isAlphabetic).map(Character.init))
      let wanted = answer.filter(\.isLetter)
      // A word may be of several tokens, of which the first letter's is read.
      #expect(!letters.isEmpty && wanted.hasPrefix(letters), "\(read) for \(answer) of \(pair.item.id)")
      // What stands after it is the rest of the answer, and nothing else.
      let rest = encoder.tokenizer.decode(Array(text.ids[text.read.lowerBound...]), skipSpecialTokens: false)
      #expect(answer.hasSuffix(rest.trimmingCharacters(in: .whitespaces)), "\(rest) for \(answer)")
    }
  }

  @Test("The prompt is read at its last token, which an answer without a space may share", arguments: cases)
  func readsThePrompt(_ tested: Case) throws {
    try check(tested, .prompt) { encoder, pair, answer, text in
      #expect(text.read.count == 1)
      let before = encoder.tokenizer.decode(Array(text.ids[...text.read.lowerBound]), skipSpecialTokens: false)
      let prompt = encoder.tokenizer.decode(encoder.encode(pair.prefix).ids, skipSpecialTokens: false)
      // "Answer." and "(A)" may be written with one token ".(": it begins within the prompt.
      let shared = before.dropFirst(prompt.count)
      #expect(before.hasPrefix(prompt) && answer.hasPrefix(shared), "\(before.suffix(40)) of \(pair.item.id)")
      #expect(shared.isEmpty || !answer.hasPrefix(" "), "\(before.suffix(40)) of \(pair.item.id)")
    }
  }

  @Test("A continuation is read at its last token, and an answer's mean over exactly its tokens", arguments: cases)
  func readsTheEnd(_ tested: Case) throws {
    try check(tested, .continuation) { _, _, _, text in
      #expect(text.read == text.ids.count - 1..<text.ids.count)
    }
    try check(tested, .answerMean) { encoder, pair, answer, text in
      #expect(text.read.upperBound == text.ids.count)
      let read = encoder.tokenizer.decode(Array(text.ids[text.read]), skipSpecialTokens: false)
        .trimmingCharacters(in: .whitespaces)
      let wanted = answer.trimmingCharacters(in: .whitespaces)
      #expect(read.hasSuffix(wanted) && pair.prefix.hasSuffix(read.dropLast(wanted.count)), "\(pair.item.id)")
      #expect(read == wanted || !answer.hasPrefix(" "), "\(read) of \(pair.item.id)")
    }
  }

  @Test("BOS stands in front exactly once where the tokenizer has one to add", arguments: cases)
  func beginsOnce(_ tested: Case) throws {
    for encoder in try Self.encoders(tested) {
      let item = try #require(try Self.items().first)
      let ids = encoder.encode(try encoder.prompt(item)).ids
      let adds = encoder.tokenizer.encode("a", addSpecialTokens: true).ids
      guard let bos = encoder.tokenizer.bosTokenID ?? encoder.tokenizer.id(ofToken: "<s>"), adds.first == bos else {
        continue
      }
      #expect(ids.first == bos && ids.filter { $0 == bos }.count == 1, "\(encoder.builder.style)")
    }
  }

  @Test("Two texts are read where they first differ, also where one goes on after the other ends")
  func readsWhereTextsDiffer() throws {
    let encoder = PromptEncoder.plain(try TinyModel.llama().tokenizer)
    func tokens(_ text: ReadableText) -> String {
      encoder.tokenizer.decode(Array(text.ids[text.read]), skipSpecialTokens: false)
    }
    let pair = try encoder.readable(positive: "I say Q now", negative: "I say Z now", group: "g", at: .answer)
    #expect(tokens(pair.positive).contains("Q") && tokens(pair.negative).contains("Z") && pair.group == "g")
    let longer = try encoder.readable(positive: "I say Q", negative: "I say Q!", group: "", at: .answer)
    #expect(tokens(longer.positive).contains("Q") && tokens(longer.negative).contains("!"))
  }

  @Test("Equal and empty texts are refused")
  func refusesNoDifference() throws {
    let encoder = PromptEncoder.plain(try TinyModel.llama().tokenizer)
    for (positive, negative, wanted) in [
      ("a", "a", "equal"), ("", "a", "empty"), ("a", "", "empty"), ("", "", "equal"),
    ] {
      let text = message {
        _ = try encoder.readable(positive: positive, negative: negative, group: "", at: .answer)
      }
      #expect(text.contains(wanted))
    }
  }
}
