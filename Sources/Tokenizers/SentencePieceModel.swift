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

  /// Pieces that were read elsewhere (a GGUF file); unused ones never stand for text.
  ///
  /// - Parameter addsDummyPrefix: whether a space is put in front of every text.
  init(pieces: [Piece], addsDummyPrefix: Bool, file: String) {
    self.file = file
    self.pieces = pieces
    self.addsDummyPrefix = addsDummyPrefix
  }

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
      throw failure(message, item: SafeText.quoted(unused.text.string))
    }
  }
}

// MARK: - The tokenizer

extension SentencePieceModel {
  /// As the SentencePiece library reads texts; control tokens are found in rendered chats alone.
  func pipeline(_ configuration: TokenizerConfiguration) throws(TelltaleError) -> TokenizerPipeline {
    try pipeline(
      addedTokens: addedTokens(.userDefined, isNormalized: true), controlTokens: controlTokens,
      normalizer: normalizer(addsPrefix: addsDummyPrefix), postProcessor: .template(template(configuration)),
      dropsFirst: addsDummyPrefix)
  }

  /// As a class of transformers (the slow one, which is the library itself) reads texts: the tokens that the
  /// configurations list and name are cut out first, and each stretch between them is a text for the library.
  func pipeline(
    _ configuration: TokenizerConfiguration, of tokenizerClass: TokenizerClass
  ) throws(TelltaleError) -> TokenizerPipeline {
    let all = try listedTokens(configuration)
    let listed = configuration.splitsSpecialTokens ? [] : all
    let contents = Set(all.map(\.content))
    let template = try configuration.template(file: file) { content in
      all.first { $0.content == content }?.id ?? pieces.firstIndex { $0.text == content }
    }
    let prefixesFirst = tokenizerClass.isLlama && !configuration.isLegacy
    let addsPrefix = configuration.addsPrefixSpace ?? true
    return try pipeline(
      addedTokens: listed + addedTokens(.userDefined, isNormalized: true).filter { !contents.contains($0.content) },
      silentTokens: controlTokens.filter { !contents.contains($0.content) }
        + (configuration.splitsSpecialTokens ? all : []),
      normalizer: normalizer(addsPrefix: prefixesFirst ? false : addsDummyPrefix),
      textPrefix: prefixesFirst ? .init(metaspace: Self.metaspace, isAdded: addsPrefix) : nil,
      postProcessor: .template(template), dropsFirst: prefixesFirst ? addsPrefix : addsDummyPrefix)
  }

  private static var metaspace: Unicode.Scalar { "\u{2581}" }

  private func normalizer(addsPrefix: Bool) -> Normalizer {
    let replace = Normalizer.replace(pattern: [" "], content: [Self.metaspace])
    return addsPrefix ? .sequence([.prepend([Self.metaspace]), replace]) : replace
  }

  private func pipeline(
    addedTokens: [AddedToken], controlTokens: [AddedToken] = [], silentTokens: [AddedToken] = [],
    normalizer: Normalizer, textPrefix: TextPrefix? = nil, postProcessor: PostProcessor, dropsFirst: Bool
  ) throws(TelltaleError) -> TokenizerPipeline {
    let vocabulary = try vocabulary()
    return TokenizerPipeline(
      normalizer: normalizer, preTokenizer: nil,
      model: BytePairModel(vocabulary: vocabulary, merges: merges(in: vocabulary), options: try options()),
      addedTokens: addedTokens, controlTokens: controlTokens, silentTokens: silentTokens, spellsAsIs: true,
      textPrefix: textPrefix, ownSize: pieces.count, postProcessor: postProcessor,
      decoder: .metaspaces(dropsFirst: dropsFirst))
  }

  private var controlTokens: [AddedToken] {
    addedTokens(.control, isNormalized: false) + addedTokens(.unknown, isNormalized: false)
  }

  /// The tokens of the configurations with their ids: those of the list as it says, special ones that nothing has
  /// after all others, as `PreTrainedTokenizer` counts.
  private func listedTokens(_ configuration: TokenizerConfiguration) throws(TelltaleError) -> [AddedToken] {
    var tokens = configuration.listed.map { $0.token.added(id: $0.id) }
    let ids = Dictionary(pieces.enumerated().map { ($1.text, $0) }) { first, _ in first }
    var known = Set(tokens.map(\.content))
    var size = known.union(pieces.map(\.text)).count
    for token in configuration.named.map(\.token) + configuration.additional
    where known.insert(token.content).inserted {
      let id = ids[token.content] ?? size
      if ids[token.content] == nil { size += 1 }
      tokens.append(token.added(id: id))
    }
    guard tokens.reduce(0, { $0 + $1.content.bytes.count }) <= AddedTokenList.largestSize else {
      throw failure("the added tokens in its folder have more than \(AddedTokenList.largestSize) bytes; remove some")
    }
    // They are looked for as they are written, before anything is normalised.
    return tokens.map { token in
      var token = token
      token.isNormalized = false
      return token
    }
  }

  /// The pieces that can stand for text, and the byte pieces.
  private func vocabulary() throws(TelltaleError) -> Vocabulary {
    guard pieces.count < Vocabulary.idLimit else { throw failure("has more pieces than is possible; fetch it again") }
    var vocabulary = Vocabulary(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() where piece.kind == .normal || piece.kind == .byte {
      do throws(VocabularyFailure) {
        try vocabulary.insert(piece.text, id: id)
      } catch {
        throw failure("piece \(id) \(error.message); fetch the file again", item: SafeText.quoted(piece.text.string))
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
