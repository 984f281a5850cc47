import Foundations

extension TokenizerDocument {
  func postProcessor(_ value: JSONValue, in item: String) throws(TelltaleError) -> PostProcessor {
    let kind = value["type"]?.string
    switch kind {
    case "TemplateProcessing": return .template(try template(value, in: item))
    case "ByteLevel":
      return try flag("trim_offsets", of: value, in: item, default: true) ? .trimsOffsets : .sequence([])
    case "Sequence": return .sequence(try parts("processors", of: value, in: item, postProcessor))
    default: throw unsupported(kind, in: item, supported: "TemplateProcessing, ByteLevel and Sequence")
    }
  }

  private func template(_ value: JSONValue, in item: String) throws(TelltaleError) -> [PostProcessor.Piece] {
    guard let single = value["single"]?.array else { throw missing("single", in: item) }
    var pieces: [PostProcessor.Piece] = []
    for piece in single {
      if let name = piece["SpecialToken"]?["id"]?.string {
        pieces.append(.special(try specialIDs(named: name, in: value, item)))
      } else if piece["Sequence"]?["id"]?.string == "A" {
        pieces.append(.text)
      } else {
        throw missing("single", in: item)
      }
    }
    return pieces
  }

  private func specialIDs(named name: String, in value: JSONValue, _ item: String) throws(TelltaleError) -> [Int] {
    let shown = SafeText.quoted(name)
    guard let list = value["special_tokens"]?[name]?["ids"]?.array else {
      throw failure("special token \"\(shown)\" has no ids; fetch the file again", in: item)
    }
    var ids: [Int] = []
    for value in list {
      guard let id = value.integer else {
        throw failure("special token \"\(shown)\" has an id that is not a number; fetch the file again", in: item)
      }
      ids.append(id)
    }
    return ids
  }
}

extension PostProcessor {
  /// Itself, if every id that it adds is a token.
  func validated(
    _ document: TokenizerDocument, _ vocabulary: Vocabulary, _ added: [AddedToken]
  ) throws(TelltaleError) -> PostProcessor {
    let addedIDs = Set(added.map(\.id))
    for id in specialIDs where vocabulary.text(of: id) == nil && !addedIDs.contains(id) {
      let message = "adds the token \(id), which is not in the vocabulary; fetch the file again"
      throw document.failure(message, in: "post_processor")
    }
    return self
  }

  private var specialIDs: [Int] {
    switch self {
    case .trimsOffsets: []
    case .sequence(let processors): processors.flatMap(\.specialIDs)
    case .template(let pieces):
      pieces.flatMap { piece -> [Int] in
        if case .special(let ids) = piece { ids } else { [] }
      }
    }
  }
}
