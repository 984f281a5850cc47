import Foundations
import LanguageModels
import Tokenizers
import Torch

/// Reads the residual stream at the end of each turn of a chat, before anything that follows it. Attention is causal, so the
/// result equals that of a recording of the chat truncated there.
struct TurnReader {
  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let options: Recorder.Options

  init(_ loaded: LoadedModel, _ encoder: PromptEncoder, _ options: Recorder.Options) {
    (self.loaded, self.encoder, self.options) = (loaded, encoder, options)
  }

  /// Float32 [rows, layers, hidden] by position, NaN where a chat has no such turn; rows state the tokens that were read.
  ///
  /// - Throws: `badInput` where the style is not chat, or the stream is edited: this pass is a second one, without edits.
  func read(_ items: [Item], _ prompts: [String], into rows: inout [RecordedRow]) throws -> [ReadPosition: Tensor] {
    guard !options.turns.isEmpty else { return [:] }
    guard options.edits.isEmpty else {
      throw TelltaleError(.badInput, "turns are read from the unedited stream; record them without edits")
    }
    let encodings = prompts.map { encoder.encode($0) }
    let read = try items.indices.map { try places(items[$0], prompts[$0], encodings[$0]) }
    for (index, own) in read.enumerated() { rows[index].turns = turns(own, encodings[index]) }
    let streams = try streams(encodings.map(\.ids), read)
    return Dictionary(uniqueKeysWithValues: zip(options.turns.map(ReadPosition.turn), streams))
  }

  /// The token of every requested turn; nil where the chat does not have it.
  private func places(_ item: Item, _ prompt: String, _ encoding: Encoding) throws -> [Int?] {
    let ends = try encoder.turnEnds(item, in: prompt, turns: options.turns)
    return try ends.map { end in
      guard let end else { return nil }
      guard let token = encoding.tokenIndex(carrying: end) else {
        throw TelltaleError(
          .badInput, "no token carries the end of a turn, which the tokenizer drops; read at another turn",
          at: InputLocation(file: item.source, item: "row \(item.row)"))
      }
      return token
    }
  }

  private func turns(_ places: [Int?], _ encoding: Encoding) -> [TurnRead] {
    zip(options.turns, places).compactMap { turn, place in
      place.map {
        TurnRead(turn: turn, token: encoding.ids[$0], tokenText: loaded.tokenizer.token(encoding.ids[$0]) ?? "")
      }
    }
  }

  /// One tensor a turn. Prompts of similar length are batched.
  private func streams(_ prompts: [[Int]], _ places: [[Int?]]) throws -> [Tensor] {
    let reader = try ActivationReader(loaded.model, layers: options.layers)
    let missing = try Tensor.full([options.layers.count, reader.hidden], .nan)
    var found = [[Tensor]](repeating: [Tensor](repeating: missing, count: prompts.count), count: options.turns.count)
    for chunk in prompts.piecesByLength(within: options.tokenBudget) {
      let batch = PackedBatch(chunk.map { prompts[$0] })
      for turn in options.turns.indices where chunk.contains(where: { places[$0][turn] != nil }) {
        // A chat without the turn is read at its first token, and the result is discarded.
        let reads = chunk.map { row in (places[row][turn] ?? 0)..<(places[row][turn] ?? 0) + 1 }
        let read = try reader.read(batch, reads).converted(to: .float32)  // [prompts, layers, hidden]
        for (index, row) in chunk.enumerated() where places[row][turn] != nil {
          found[turn][row] = try read.narrowed(0, index..<index + 1).reshaped([options.layers.count, reader.hidden])
            .copy()
        }
      }
    }
    return try found.map { try Tensor.stacked($0) }
  }
}

extension PromptEncoder {
  /// Where the messages of an item end in its prompt: for each turn the place of its last character, in Unicode scalars
  /// from 0; nil for a turn that the item does not have.
  ///
  /// A turn is located by rendering the chat with another text instead of it: the renderings' common prefix is what precedes
  /// it, so that a message such as "user" is not found in the template's own words.
  func turnEnds(_ item: Item, in prompt: String, turns: [Int]) throws -> [Int?] {
    guard let template else {
      throw TelltaleError(
        .badInput, "turns are those of chats; put the rows in the style chat",
        at: InputLocation(file: item.source, item: "row \(item.row)"))
    }
    let spoken = item.messages.indices.filter { item.messages[$0].role != .system }
    let whole = Array(prompt.unicodeScalars)
    return try turns.map { turn in
      guard spoken.indices.contains(turn - 1) else { return nil }
      var messages = item.messages
      let said = messages[spoken[turn - 1]].content.unicodeScalars
      messages[spoken[turn - 1]].content = "\u{F0000}"
      let replaced = Array(try template.render(messages: messages, addGenerationPrompt: true).unicodeScalars)
      let start = replaced.firstIndex(of: "\u{F0000}") ?? replaced.count
      // Templates that write a message without the white space around it leave that at its beginning out.
      let keepsSpace = start < whole.count && whole[start].properties.isWhitespace
      let content = Array(keepsSpace ? said[...] : said.drop { $0.properties.isWhitespace })
        .dropLast { $0.properties.isWhitespace }
      let end = start + content.count
      guard !content.isEmpty, end <= whole.count, whole[..<start].elementsEqual(replaced[..<start]),
        whole[start..<end].elementsEqual(content)
      else {
        throw TelltaleError(
          .badInput, "the chat template does not show turn \(turn) as it is; use another template",
          at: InputLocation(file: item.source, item: "row \(item.row)"))
      }
      return end - 1
    }
  }
}

extension Array {
  fileprivate func dropLast(while condition: (Element) -> Bool) -> ArraySlice<Element> {
    self[..<((lastIndex { !condition($0) } ?? -1) + 1)]
  }
}

extension Recording {
  /// Refuses a recording in which no chat has a requested turn.
  public func require(turns: [Int]) throws(TelltaleError) {
    guard let missing = turns.first(where: { turn in !rows.contains { $0.isRead(at: .turn(turn)) } }) else { return }
    throw TelltaleError(.badInput, "no chat has a turn \(missing); name turns that the rows have (--turns)")
  }
}
