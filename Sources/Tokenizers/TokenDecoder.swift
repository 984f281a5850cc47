import Foundations

/// How tokens become text again: the `decoder` of a `tokenizer.json`.
///
/// A decoder maps a list of texts, at first one for each token, to another; the result is the last list joined.
package indirect enum TokenDecoder: Sendable {
  case replace(pattern: UTF8Text, content: UTF8Text)
  /// Runs of `<0x00>`...`<0xFF>` become the text that they encode, or one U+FFFD a byte if it is not UTF-8.
  case byteFallback
  case fuse
  case strip(content: Unicode.Scalar, start: Int, stop: Int)
  case byteLevel
  case metaspace(replacement: Unicode.Scalar, dropsFirst: Bool)
  case sequence([TokenDecoder])

  func decode(_ tokens: [UTF8Text]) -> [UTF8Text] {
    switch self {
    case .replace(let pattern, let content): tokens.map { $0.replacing(pattern, with: content) }
    case .byteFallback: fallBack(tokens)
    case .fuse: [UTF8Text(bytes: tokens.flatMap(\.bytes))]
    case .strip(let content, let start, let stop): tokens.map { $0.stripping(content, start: start, stop: stop) }
    case .byteLevel: [UTF8Text(String(decoding: tokens.flatMap(byteLevelBytes), as: UTF8.self))]
    case .metaspace(let replacement, let dropsFirst): metaspace(tokens, replacement, dropsFirst)
    case .sequence(let decoders): decoders.reduce(tokens) { $1.decode($0) }
    }
  }

  /// Whether the text of a byte token depends on the neighbouring byte tokens.
  var hasByteFallback: Bool {
    switch self {
    case .byteFallback: true
    case .sequence(let decoders): decoders.contains(where: \.hasByteFallback)
    default: false
    }
  }

  private func fallBack(_ tokens: [UTF8Text]) -> [UTF8Text] {
    var result: [UTF8Text] = []
    var pending: [UInt8] = []
    for token in tokens {
      if let byte = token.fallbackByte {
        pending.append(byte)
      } else {
        result += texts(ofFallbackBytes: pending)
        pending = []
        result.append(token)
      }
    }
    return result + texts(ofFallbackBytes: pending)
  }

  private func texts(ofFallbackBytes bytes: [UInt8]) -> [UTF8Text] {
    if bytes.isEmpty { return [] }
    if String(validating: bytes, as: UTF8.self) != nil { return [UTF8Text(bytes: bytes)] }
    return bytes.map { _ in UTF8Text("\u{FFFD}") }
  }

  /// The bytes that a token spells in GPT-2's alphabet, or its own if it has other scalars (added tokens do).
  private func byteLevelBytes(_ token: UTF8Text) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in token.scalars {
      guard let byte = ByteAlphabet.byte(of: scalar) else { return token.bytes }
      bytes.append(byte)
    }
    return bytes
  }

  private func metaspace(_ tokens: [UTF8Text], _ replacement: Unicode.Scalar, _ dropsFirst: Bool) -> [UTF8Text] {
    let pattern = UTF8Text([replacement])
    return tokens.enumerated().map { index, token in
      token.replacing(pattern, with: UTF8Text(index == 0 && dropsFirst ? "" : " "))
    }
  }
}

extension UTF8Text {
  /// The byte that a byte fallback token stands for, nil for other tokens.
  var fallbackByte: UInt8? {
    guard bytes.count == 6, bytes.starts(with: "<0x".utf8), bytes[5] == UInt8(ascii: ">") else { return nil }
    guard let high = Character(Unicode.Scalar(bytes[3])).hexDigitValue,
      let low = Character(Unicode.Scalar(bytes[4])).hexDigitValue
    else { return nil }
    return UInt8(high << 4 | low)
  }

  fileprivate func replacing(_ pattern: UTF8Text, with content: UTF8Text) -> UTF8Text {
    let count = pattern.bytes.count
    guard count > 0, bytes.count >= count else { return self }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index...].starts(with: pattern.bytes) {
        result += content.bytes
        index += count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return UTF8Text(bytes: result)
  }

  /// The text without up to `start` leading and `stop` trailing occurrences of a scalar.
  fileprivate func stripping(_ content: Unicode.Scalar, start: Int, stop: Int) -> UTF8Text {
    var scalars = scalars[...]
    // start and stop come from a file and may be huge: the work is bounded by the length of the text.
    scalars = scalars.dropFirst(scalars.prefix(start).prefix { $0 == content }.count)
    scalars = scalars.dropLast(scalars.suffix(stop).reversed().prefix { $0 == content }.count)
    return UTF8Text(scalars)
  }
}
