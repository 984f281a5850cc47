import Foundations

/// A SentencePiece `tokenizer.model` of the BPE kind.
///
/// Field numbers are those of `sentencepiece_model.proto`. SentencePiece merges the two neighbours whose concatenation
/// is the piece with the best score; here every way to split a piece in two pieces becomes a merge, with the place of
/// its score as rank.
struct SentencePieceModel {
  enum Kind: UInt64 {
    case normal = 1
    case unknown
    case control
    case userDefined
    case unused
    case byte
  }

  struct Piece {
    var text = UTF8Text("")
    var score: Float = 0
    var kind = Kind.normal
  }

  /// In bytes; trained pieces have at most 16 characters.
  private static let longestPiece = 512

  private let file: String
  private(set) var pieces: [Piece] = []
  private var addsDummyPrefix = true
  private var removesExtraWhiteSpace = true
  private var escapesWhiteSpace = true
  private var hasCharacterMap = false
  /// `trainer_spec.model_type`: 1 unigram (the default), 2 BPE.
  private var modelType: UInt64 = 1
  private var treatsWhiteSpaceAsSuffix = false

  init(_ bytes: [UInt8], file: String) throws(TelltaleError) {
    self.file = file
    do throws(ProtobufReader.Failure) {
      try read(bytes[...])
    } catch {
      throw failure("is not a SentencePiece model; fetch the file again")
    }
    try refuseUnsupported()
  }

  var bosToken: UTF8Text? { controlToken("<s>") }
  var eosToken: UTF8Text? { controlToken("</s>") }

  private func controlToken(_ name: String) -> UTF8Text? {
    let name = UTF8Text(name)
    return pieces.contains { $0.kind == .control && $0.text == name } ? name : nil
  }

  private func failure(_ message: String, item: String? = nil) -> TelltaleError {
    TelltaleError(.badInput, message, at: .init(file: file, item: item))
  }

  // MARK: - Reading

  private mutating func read(_ bytes: ArraySlice<UInt8>) throws(ProtobufReader.Failure) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let message) = value else { continue }
      switch field {
      case 1: pieces.append(try piece(message))
      case 2: try readTrainerSpecification(message)
      case 3: try readNormalizerSpecification(message)
      default: break
      }
    }
  }

  private func piece(_ bytes: ArraySlice<UInt8>) throws(ProtobufReader.Failure) -> Piece {
    var reader = ProtobufReader(bytes)
    var piece = Piece()
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let text)):
        guard text.count <= Self.longestPiece, String(validating: text, as: UTF8.self) != nil else {
          throw ProtobufReader.Failure()
        }
        piece.text = UTF8Text(bytes: Array(text))
      case (2, .fixed32(let bits)):
        piece.score = Float(bitPattern: bits)
        guard piece.score.isFinite else { throw ProtobufReader.Failure() }
      case (3, .varint(let number)):
        guard let kind = Kind(rawValue: number) else { throw ProtobufReader.Failure() }
        piece.kind = kind
      default: break
      }
    }
    return piece
  }

  private mutating func readTrainerSpecification(_ bytes: ArraySlice<UInt8>) throws(ProtobufReader.Failure) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (3, .varint(let number)): modelType = number
      case (24, .varint(let flag)): treatsWhiteSpaceAsSuffix = flag != 0
      default: break
      }
    }
  }

  private mutating func readNormalizerSpecification(_ bytes: ArraySlice<UInt8>) throws(ProtobufReader.Failure) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let map)): hasCharacterMap = !map.isEmpty
      case (3, .varint(let flag)): addsDummyPrefix = flag != 0
      case (4, .varint(let flag)): removesExtraWhiteSpace = flag != 0
      case (5, .varint(let flag)): escapesWhiteSpace = flag != 0
      default: break
      }
    }
  }

  private func refuseUnsupported() throws(TelltaleError) {
    guard !pieces.isEmpty else { throw failure("has no pieces; fetch the file again") }
    guard modelType == 2 else { throw failure("is not a BPE model; supported are SentencePiece models of that type") }
    let unsupported =
      hasCharacterMap
      ? "a character map" : removesExtraWhiteSpace ? "removal of extra white space" : nil
    let other = treatsWhiteSpaceAsSuffix ? "white space as suffix" : escapesWhiteSpace ? nil : "unescaped white space"
    if let feature = unsupported ?? other {
      throw failure("uses \(feature), which is not supported; use a tokenizer.json of the same model")
    }
    if let unused = pieces.first(where: { $0.kind == .unused }) {
      let message = "has unused pieces, which are not supported; use a tokenizer.json of the same model"
      throw failure(message, item: unused.text.string)
    }
  }
}

// MARK: - The tokenizer

extension SentencePieceModel {
  func pipeline(_ configuration: TokenizerConfiguration) throws(TelltaleError) -> TokenizerPipeline {
    let metaspace: Unicode.Scalar = "\u{2581}"
    let vocabulary = try vocabulary()
    let replace = Normalizer.replace(pattern: [" "], content: [metaspace])
    let lastDecoders: [TokenDecoder] = addsDummyPrefix ? [.strip(content: " ", start: 1, stop: 0)] : []
    return TokenizerPipeline(
      normalizer: addsDummyPrefix ? .sequence([.prepend([metaspace]), replace]) : replace,
      preTokenizer: nil,
      model: BytePairModel(vocabulary: vocabulary, merges: merges(in: vocabulary), options: try options()),
      addedTokens: addedTokens(.userDefined, isNormalized: true),
      controlTokens: addedTokens(.control, isNormalized: false) + addedTokens(.unknown, isNormalized: false),
      spellsAsIs: true,
      postProcessor: .template(template(configuration)),
      decoder: .sequence(
        [.replace(pattern: UTF8Text([metaspace]), content: UTF8Text(" ")), .byteFallback, .fuse] + lastDecoders))
  }

  /// The pieces that can stand for text, and the byte pieces.
  private func vocabulary() throws(TelltaleError) -> Vocabulary {
    guard pieces.count < Vocabulary.idLimit else { throw failure("has more pieces than is possible; fetch it again") }
    var vocabulary = Vocabulary(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() where piece.kind == .normal || piece.kind == .byte {
      do throws(VocabularyFailure) {
        try vocabulary.insert(piece.text, id: id)
      } catch {
        throw failure("piece \(id) \(error.message); fetch the file again", item: piece.text.string)
      }
    }
    return vocabulary
  }

  private func merges(in vocabulary: Vocabulary) -> [BytePairModel.Pair: BytePairModel.Merge] {
    func normalID(_ bytes: ArraySlice<UInt8>) -> Int32? {
      guard let id = vocabulary.id(of: UTF8Text(bytes: Array(bytes))), pieces[Int(id)].kind == .normal else {
        return nil
      }
      return id
    }
    let normal = pieces.indices.filter { pieces[$0].kind == .normal }
    let scores = Set(normal.map { pieces[$0].score }).sorted(by: >)
    let ranks = Dictionary(scores.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
    var merges: [BytePairModel.Pair: BytePairModel.Merge] = [:]
    for id in normal {
      let bytes = pieces[id].text.bytes
      let merge = BytePairModel.Merge(rank: ranks[pieces[id].score] ?? 0, id: Int32(id))
      for cut in bytes.indices.dropFirst() {
        guard let left = normalID(bytes[..<cut]), let right = normalID(bytes[cut...]) else { continue }
        merges[BytePairModel.Pair(left, right)] = merge
      }
    }
    return merges
  }

  private func options() throws(TelltaleError) -> BytePairModel.Options {
    guard let unknown = pieces.firstIndex(where: { $0.kind == .unknown }) else {
      throw failure("has no unknown piece; fetch the file again")
    }
    var options = BytePairModel.Options()
    options.unknownID = Int32(unknown)
    options.fusesUnknown = true
    options.fallsBackToBytes = pieces.contains { $0.kind == .byte }
    return options
  }

  private func addedTokens(_ kind: Kind, isNormalized: Bool) -> [AddedToken] {
    pieces.indices.filter { pieces[$0].kind == kind }.map { id in
      AddedToken(id: id, content: pieces[id].text, isNormalized: isNormalized, isSpecial: kind != .userDefined)
    }
  }

  private func template(_ configuration: TokenizerConfiguration) -> [PostProcessor.Piece] {
    let bos = pieces.firstIndex { $0.kind == .control && $0.text == configuration.bosToken }
    let eos = pieces.firstIndex { $0.kind == .control && $0.text == configuration.eosToken }
    let before = configuration.addsBOS ? bos.map { [PostProcessor.Piece.special([$0])] } : nil
    let after = configuration.addsEOS ? eos.map { [PostProcessor.Piece.special([$0])] } : nil
    return (before ?? []) + [.text] + (after ?? [])
  }
}
