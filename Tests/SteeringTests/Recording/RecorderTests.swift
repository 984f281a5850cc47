import CheckpointSupport
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Recordings: activations are those of the tokens that the rows state, labels those of the text or the logits.
@Suite struct RecorderTests {
  private func items() throws -> [Item] {
    try Array(fixtureItems("political.jsonl").prefix(5)) + fixtureItems("survival-instinct.jsonl").prefix(3)
  }

  private func record(
    _ loaded: LoadedModel, _ items: [Item], _ change: (inout Recorder.Options) -> Void = { _ in }
  ) throws -> Recording {
    var options = Recorder.Options(layers: [1, 3])
    options.maxTokens = 6
    change(&options)
    return try Recorder(loaded, .plain(loaded.tokenizer), options).record(items)
  }

  private func distance(_ a: Tensor, _ b: Tensor) throws -> Double { try (a - b).absolute().max().scalar() }

  @Test("Activations are those of a pass of its own, at the tokens that the row states", arguments: TinyModel.names)
  func recordsStatedTokens(_ name: String) throws {
    let loaded = try TinyModel.load(name)
    let items = try items()
    let recording = try record(loaded, items)
    #expect(recording.rows.map(\.id) == items.map(\.id) && recording.layers == [1, 3])
    let prompts = recording.rows.map { loaded.tokenizer.encode($0.prompt, addSpecialTokens: true).ids }
    var options = GenerationOptions(maxTokens: 6)
    options.stopTokens = loaded.stopTokens
    let generations = try Generator.generate(loaded.model, prompts: prompts, options: options)
    for (index, row) in recording.rows.enumerated() {
      let (prompt, new) = (prompts[index], generations[index].tokens)
      #expect(row.prompt == items[index].text && row.promptTokens == prompt.count)
      #expect(row.promptToken == prompt.last && row.promptTokenText == loaded.tokenizer.token(row.promptToken))
      #expect(row.continuation == loaded.tokenizer.decode(new, skipSpecialTokens: true))
      #expect(row.continuationToken == new.last && row.end == generations[index].end.rawValue)
      let output = try loaded.model.forward(PackedBatch([prompt + new]), taps: Taps(layers: [1, 3]))
      for layer in [1, 3] {
        let alone = try #require(output.residuals[layer])
        let atPrompt = try recording.stream(.prompt, layer: layer)[index]
        #expect(try distance(atPrompt, alone[prompt.count - 1]) < 2e-4, "prompt of row \(index)")
        guard !new.isEmpty else { continue }
        let after = try recording.stream(.continuation, layer: layer)[index]
        #expect(try distance(after, alone[prompt.count + new.count - 1]) < 2e-4, "continuation of row \(index)")
      }
    }
  }

  @Test("Labels are what the parser reads from the continuation, and what it cannot read has a reason")
  func labelsFromText() throws {
    let loaded = try TinyModel.llama()
    let items = try items()
    let recording = try record(loaded, items)
    for (row, item) in zip(recording.rows, items) {
      let answer = AnswerParser(choices: item.choices).parse(row.continuation)
      #expect(row.label == item.label(for: answer) && row.labelSource == .letter)
      #expect((row.label == nil) == (row.unparsable != nil), "a row has a label or a reason")
    }
    #expect(recording.rows.count == items.count)
  }

  @Test("Rows and activations do not depend on the order of the items or the token budget")
  func independentOfBatch() throws {
    let loaded = try TinyModel.load("tiny-mistral")
    let items = try items()
    let whole = try record(loaded, items)
    let part = try record(loaded, items.reversed()) { $0.tokenBudget = 1 }
    for (index, row) in whole.rows.enumerated() {
      let twin = items.count - 1 - index
      var other = part.rows[twin]
      #expect(try abs(#require(row.logitDifference) - #require(other.logitDifference)) < 1e-3)
      other.logitDifference = row.logitDifference
      #expect(row == other)
      for position in [ReadPosition.prompt, .continuation] {
        let (a, b) = (try #require(whole.activations[position])[index], try #require(part.activations[position])[twin])
        #expect(try distance(a, b) < 2e-4)
      }
    }
  }

  @Test("An empty continuation has no token, an empty text, and NaN where it would have been read")
  func emptyContinuations() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-llama")
    let every = (0..<1024).map(String.init).joined(separator: ",")
    try checkpoint.write(#"{"eos_token_id": [\#(every)]}"#, to: "generation_config.json")
    let recording = try record(LoadedModel(checkpoint.path, dtype: .float32), Array(items().prefix(2)))
    for row in recording.rows {
      #expect(row.continuation.isEmpty && row.end == "stop" && row.unparsable == .empty && row.label == nil)
      #expect(row.continuationToken == nil && row.continuationTokenText == nil)
    }
    #expect(try #require(recording.activations[.continuation]).shape == [2, 2, 64])
    #expect(try #require(recording.activations[.continuation]).floats().allSatisfy(\.isNaN))
    #expect(try #require(recording.activations[.prompt]).floats().allSatisfy(\.isFinite))
  }

  @Test("Forced-choice labels are the sign of the margin, and need answers to choose between")
  func forcedChoiceLabels() throws {
    let loaded = try TinyModel.llama()
    let recording = try record(loaded, items()) { $0.labelSource = .forcedChoice }
    for row in recording.rows {
      let margin = try #require(row.logitDifference)
      #expect(row.label == (margin > 0 ? 1 : 0) && row.labelSource == .forcedChoice && row.unparsable == nil)
    }
    let open = try fixtureItems("caa-open-ended.json")
    let text = message { _ = try record(loaded, open) { $0.labelSource = .forcedChoice } }
    #expect(text.contains("caa-open-ended.json (row 0)") && text.contains("another label source"))
    #expect(try record(loaded, Array(open.prefix(2))).rows.allSatisfy { $0.logitDifference == nil && $0.label == nil })
  }

  @Test("What a recording does not hold is refused, and parts can be joined and selected")
  func partsOfRecordings() throws {
    let loaded = try TinyModel.llama()
    let recording = try record(loaded, items()) { $0.measuresChoices = false }
    #expect(recording.rows.allSatisfy { $0.logitDifference == nil })
    #expect(message { _ = try recording.stream(.prompt, layer: 2) }.contains("it holds layers 1, 3"))
    #expect(message { _ = try recording.stream(.answer, layer: 1) }.contains("no activations at \"answer\""))
    let swapped = try Recording.joined([recording.selecting([4]), recording.selecting([2, 0])])
    #expect(swapped.rows.map(\.id) == [4, 2, 0].map { recording.rows[$0].id })
    let (a, b) = (
      try swapped.stream(.prompt, layer: 3), try recording.stream(.prompt, layer: 3).selected(0, [4, 2, 0])
    )
    #expect(try a.floats() == b.floats())
    var other = recording
    other.layers = [0, 3]
    #expect(message { _ = try Recording.joined([recording, other]) }.contains("different layers"))
    #expect(message { _ = try record(loaded, []) }.contains("no items"))
  }

  @Test("Rows come back from JSON as they were")
  func rowsRoundTrip() throws {
    let row = try #require(record(TinyModel.llama(), Array(items().prefix(1))).rows.first)
    #expect(try JSONDecoder().decode(RecordedRow.self, from: JSONEncoder().encode(row)) == row)
  }
}
