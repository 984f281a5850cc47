import Foundations

/// The stages before and after the model.
extension TokenizerDocument {
  func normalizer(_ value: JSONValue, in item: String) throws(TelltaleError) -> Normalizer {
    let kind = value["type"]?.string
    switch kind {
    case "Prepend": return .prepend(try text("prepend", of: value, in: item).scalars)
    case "Replace":
      let content = try text("content", of: value, in: item).scalars
      return .replace(pattern: try plainPattern(of: value, in: item).scalars, content: content)
    case "Lowercase": return .lowercase
    case "Strip":
      let left = try flag("strip_left", of: value, in: item, default: true)
      return .strip(left: left, right: try flag("strip_right", of: value, in: item, default: true))
    case "Sequence": return .sequence(try parts("normalizers", of: value, in: item, normalizer))
    default:
      if let form = kind.flatMap(NormalizationForm.init(rawValue:)) { return .unicode(form) }
      let supported = "Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip and Sequence"
      throw unsupported(kind, in: item, supported: supported)
    }
  }

  func preTokenizer(_ value: JSONValue, in item: String) throws(TelltaleError) -> PreTokenizer {
    let kind = value["type"]?.string
    switch kind {
    case "Metaspace": return .metaspace(try metaspace(value, in: item))
    case "ByteLevel":
      let addsPrefixSpace = try flag("add_prefix_space", of: value, in: item, default: true)
      let cutsWords = try flag("use_regex", of: value, in: item, default: true)
      return .byteLevel(addsPrefixSpace: addsPrefixSpace, cutsWords: cutsWords)
    case "Split": return .split(try splitPattern(value, in: item))
    case "Digits":
      return .digits(individually: try flag("individual_digits", of: value, in: item, default: false))
    case "Punctuation": return .punctuation(try behavior(of: value, in: item))
    case "Sequence": return .sequence(try parts("pretokenizers", of: value, in: item, preTokenizer))
    default:
      let supported = "Metaspace, ByteLevel, Split, Digits, Punctuation and Sequence"
      throw unsupported(kind, in: item, supported: supported)
    }
  }

  private func metaspace(_ value: JSONValue, in item: String) throws(TelltaleError) -> PreTokenizer.Metaspace {
    PreTokenizer.Metaspace(
      replacement: try scalar("replacement", of: value, in: item),
      prependScheme: try prependScheme(of: value, in: item),
      splits: try flag("split", of: value, in: item, default: true))
  }

  /// `prepend_scheme`, or the older `add_prefix_space`.
  private func prependScheme(
    of value: JSONValue, in item: String
  ) throws(TelltaleError) -> PreTokenizer.Metaspace.PrependScheme {
    guard let name = value.present("prepend_scheme")?.string else {
      return try flag("add_prefix_space", of: value, in: item, default: true) ? .always : .never
    }
    guard let scheme = PreTokenizer.Metaspace.PrependScheme(rawValue: name) else {
      throw unsupported(name, in: item, supported: "always, first and never")
    }
    return scheme
  }

  private func splitPattern(_ value: JSONValue, in item: String) throws(TelltaleError) -> SplitPattern {
    let expression = value["pattern"]?["Regex"]?.string
    guard let pattern = expression.flatMap(SplitPattern.init(regularExpression:)) else {
      throw unsupported(expression, in: item, supported: "the split patterns of GPT-2, Llama 3 and Qwen 2")
    }
    // The patterns cover the text, so that these two say the same.
    let inverted = try flag("invert", of: value, in: item, default: false)
    switch (try behavior(of: value, in: item), inverted) {
    case (.isolated, _), (.removed, true): return pattern
    case (let other, _): throw unsupported(other.rawValue, in: item, supported: "Isolated, and Removed inverted")
    }
  }

  private func behavior(of value: JSONValue, in item: String) throws(TelltaleError) -> SplitBehavior {
    guard let name = value.present("behavior")?.string else { return .isolated }
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw unsupported(name, in: item, supported: "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous")
    }
    return behavior
  }

  // MARK: - Decoder

  func decoder(_ value: JSONValue, in item: String) throws(TelltaleError) -> TokenDecoder {
    let kind = value["type"]?.string
    switch kind {
    case "Sequence": return .sequence(try parts("decoders", of: value, in: item, decoder))
    case "Replace":
      let content = try text("content", of: value, in: item)
      return .replace(pattern: try plainPattern(of: value, in: item), content: content)
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Strip": return try strip(value, in: item)
    case "ByteLevel": return .byteLevel
    case "Metaspace":
      let replacement = try scalar("replacement", of: value, in: item)
      return .metaspace(replacement: replacement, dropsFirst: try prependScheme(of: value, in: item) != .never)
    default:
      let supported = "Sequence, Replace, ByteFallback, Fuse, Strip, ByteLevel and Metaspace"
      throw unsupported(kind, in: item, supported: supported)
    }
  }

  private func strip(_ value: JSONValue, in item: String) throws(TelltaleError) -> TokenDecoder {
    guard let start = value["start"]?.integer, let stop = value["stop"]?.integer, start >= 0, stop >= 0 else {
      throw missing("start", in: item)
    }
    return .strip(content: try scalar("content", of: value, in: item), start: start, stop: stop)
  }
}
