import Foundations

/// Decodes tokens as they are generated.
///
/// The pieces, joined with what `finish()` returns, are what decoding all tokens at once gives. Text is held back as
/// long as later tokens may change it: bytes that do not yet make a character, and runs of byte tokens.
public struct StreamingDecoder: Sendable {
  private let pipeline: TokenizerPipeline
  private let skipsSpecialTokens: Bool
  /// The last token whose text is out: what follows is decoded after it, because decoders drop a leading space.
  private var context: [Int] = []
  private var pending: [Int] = []

  init(_ pipeline: TokenizerPipeline, skipSpecialTokens: Bool) {
    self.pipeline = pipeline
    skipsSpecialTokens = skipSpecialTokens
  }

  /// Takes the next token; returns the text that is now certain, often empty.
  public mutating func append(_ id: Int) -> String {
    guard pipeline.text(ofToken: id) != nil, !(skipsSpecialTokens && pipeline.isSpecial(id)) else { return "" }
    pending.append(id)
    if pipeline.isFallbackByte(id) { return "" }
    let text = pendingText
    // U+FFFD at the end may be a character of which bytes are missing.
    if text.last == UInt8(0xBD), text.suffix(3).elementsEqual(UTF8Text("\u{FFFD}").bytes) { return "" }
    context = [id]
    pending = []
    return String(decoding: text, as: UTF8.self)
  }

  /// The text that was held back.
  public mutating func finish() -> String {
    let text = String(decoding: pendingText, as: UTF8.self)
    context = pending.last.map { [$0] } ?? context
    pending = []
    return text
  }

  private var pendingText: ArraySlice<UInt8> {
    let before = pipeline.decode(context, skipSpecialTokens: skipsSpecialTokens).utf8.count
    return Array(pipeline.decode(context + pending, skipSpecialTokens: skipsSpecialTokens).utf8).dropFirst(before)
  }
}
