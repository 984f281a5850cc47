import CheckpointSupport
import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Steering

/// Turns of chats: where each is read, and conversations that the model's own answers are part of.
@Suite struct TurnTests {
  private static let rows = """
    {"messages": [{"role": "system", "content": "Be user."}, {"role": "user", "content": "user"}, \
    {"role": "assistant", "content": " A cat. "}, {"role": "user", "content": "Is a user a cat?"}], "answer": "No", \
    "contrastive_answer": "Yes"}
    {"messages": [{"role": "user", "content": "Snow is black, é?"}], "answer": "No", "contrastive_answer": "Yes"}
    """

  private func record(
    _ loaded: LoadedModel, _ items: [Item], turns: [Int], template: String = "chatml",
    _ change: (inout Recorder.Options) -> Void = { _ in }
  ) throws -> Recording {
    var options = Recorder.Options(layers: [0, 2])
    (options.maxTokens, options.turns) = (3, turns)
    change(&options)
    let encoder = try PromptEncoder.chat(loaded.tokenizer, template: template)
    return try Recorder(loaded, encoder, options).recordConversations(items)
  }

  @Test("A turn is read where the chat cut off after it ends", arguments: ["chatml", "zephyr", "llama-3"])
  func cutOff(template: String) throws {
    let loaded = try TinyModel.llama()
    let items = try items(Self.rows)
    let recording = try record(loaded, items, turns: [1, 2, 3], template: template)
    let encoder = try PromptEncoder.chat(loaded.tokenizer, template: template)
    let said = [["user", "A cat.", "Is a user a cat?"], ["Snow is black, é?"]]
    for (row, texts) in said.enumerated() {
      #expect(recording.rows[row].turns?.map(\.turn) == Array(1...texts.count))
      let prompt = recording.rows[row].prompt
      var start = prompt.startIndex
      for (turn, text) in texts.enumerated() {
        // The template's own words are before the first "user" that somebody says; what is said stands on its own.
        let place = try #require(
          prompt.range(of: turn == 0 && row == 0 ? "\nuser" : text, range: start..<prompt.endIndex))
        start = place.upperBound
        let cut = String(prompt[..<place.upperBound])
        let ids = encoder.tokens(of: cut, in: prompt)
        let read = try #require(recording.rows[row].turns?[turn])
        #expect(read.token == ids.last && read.tokenText == loaded.tokenizer.token(read.token), "\(template) \(text)")
        let alone = try loaded.model.forward(PackedBatch([ids]), taps: Taps(layers: [0, 2]))
        for layer in [0, 2] {
          let stream = try recording.stream(.turn(turn + 1), layer: layer)[row]
          let expected = try #require(alone.residuals[layer])[ids.count - 1]
          let distance = try (stream - expected).absolute().max().scalar()
          #expect(distance < 2e-4, "\(template), turn \(turn + 1), layer \(layer), tokens \(ids)")
        }
      }
    }
    let missing = try recording.stream(.turn(3), layer: 0)[1].doubles()
    #expect(missing.allSatisfy { $0.isNaN }, "a chat without the turn has nothing to read")
  }

  @Test("A recording of turns is read from its folder as it was, and rows without the turn are not judged")
  func folder() throws {
    let loaded = try TinyModel.llama()
    let recording = try record(loaded, items(Self.rows), turns: [1, 3]) { $0.labelSource = .forcedChoice }
    let url = FileManager.default.temporaryDirectory.appending(path: "turns-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try RecordingFolder.write(recording, to: url)
    let stored = try RecordingFolder.read(url)
    #expect(
      stored.rows == recording.rows && Set(stored.activations.keys) == [.prompt, .continuation, .turn(1), .turn(3)])
    #expect(try AuditTarget(stored, at: .turn(1)).indices == [0, 1])
    #expect(try AuditTarget(stored, at: .turn(3)).indices == [0])
    #expect(message { _ = try AuditTarget(stored, at: .turn(2)) }.contains(#"no activations at "turn:2""#))
    #expect(message { try stored.require(turns: [1, 4]) }.contains("no chat has a turn 4"))
  }

  @Test("Turns need the style chat and the unedited stream, and are named turn:1, turn:2, ...")
  func refusals() throws {
    let loaded = try TinyModel.llama()
    let items = try items(Self.rows).suffix(1)
    var options = Recorder.Options(layers: [0])
    options.turns = [1]
    let plain = message { _ = try Recorder(loaded, .plain(loaded.tokenizer), options).record(Array(items)) }
    #expect(plain.contains("turns are those of chats; put the rows in the style chat"))
    #expect(ReadPosition(rawValue: "turn:12") == .turn(12) && ReadPosition.turn(12).rawValue == "turn:12")
    for wrong in ["turn", "turn:", "turn:0", "turn:01", "turn:+1", "turn:1001", "turn:1:2", "turns:1", "turn:9e9"] {
      #expect(ReadPosition(rawValue: wrong) == nil, "\(wrong)")
    }
    #expect(message { _ = try VectorRecipe(.answers, read: .turn(1)) }.contains("turn:1 is read in recordings"))
    #expect(try VectorRecipe(.spontaneous, read: .turn(2)).read == .turn(2))
  }

  @Test("A conversation goes on with the model's own answers, one row each")
  func conversations() throws {
    let loaded = try TinyModel.llama()
    let items = try Dataset.load(TestData.fixture("sycon-bench/ethical.csv"))
    let recording = try record(loaded, items, turns: [1, 3])
    #expect(recording.rows.count == 10)
    #expect(recording.rows.map(\.row) == [0, 5, 1, 6, 2, 7, 3, 8, 4, 9])
    #expect(recording.rows.map { $0.facts?["answer"] } == ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5"])
    #expect(Set(recording.rows.map(\.id)).count == 10 && Set(recording.rows.map(\.group)).count == 2)
    for number in 2..<10 {
      let (before, after) = (recording.rows[number - 2], recording.rows[number])
      let answer = before.continuation.trimmingCharacters(in: .whitespacesAndNewlines)
      let next = try #require(items[number % 2].followUps?[number / 2 - 1])
      #expect(after.prompt.hasPrefix(String(before.prompt.dropLast(1))) && after.prompt.contains(answer))
      #expect(after.prompt.contains(next))
    }
    #expect(recording.rows.map { $0.turns?.map(\.turn) } == [[1], [1]] + [[Int]](repeating: [1, 3], count: 8))
  }

  @Test(
    "A row of every published form can be recorded",
    arguments: [
      "sycophancy-eval/answer.jsonl", "sycophancy-eval/are_you_sure.jsonl", "sycophancy-eval/feedback.jsonl",
      "sycon-bench/push_back.csv", "sycon-bench/questions.txt", "elephant/OEQ.csv", "elephant/AITA-YTA.csv",
      "elephant/AITA-NTA-OG.csv", "elephant/AITA-NTA-FLIP.csv", "elephant/SS.csv",
    ])
  func everyForm(path: String) throws {
    let loaded = try TinyModel.llama()
    let items = try Dataset.load(TestData.fixture(path)).map { $0.choosingReferences() }
    let recording = try record(loaded, items, turns: [1])
    #expect(recording.rows.count == items.reduce(0) { $0 + $1.answerCount })
    for (row, item) in zip(recording.rows, items) {
      #expect(row.group == item.group.id && (row.logitDifference == nil) == (item.matchingAnswer == nil))
    }
  }
}

extension PromptEncoder {
  /// The tokens of a prompt up to the one that carries the last character of its beginning.
  fileprivate func tokens(of beginning: String, in prompt: String) -> [Int] {
    let encoding = encode(prompt)
    let last = encoding.tokenIndex(carrying: beginning.unicodeScalars.count - 1) ?? 0
    return Array(encoding.ids[...last])
  }
}
