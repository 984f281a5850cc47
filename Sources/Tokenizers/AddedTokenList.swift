import Foundations

/// The added tokens of a tokenizer while configurations complete them, as `add_tokens` of the tokenizers library does.
struct AddedTokenList {
  /// All added tokens together, in bytes: they are searched for with a table of their characters.
  static let largestSize = 1 << 20

  private(set) var tokens: [AddedToken]
  private let vocabulary: Vocabulary
  /// Where each token stands in the list.
  private var places: [UTF8Text: Int]
  private var lastID: Int

  init(_ tokens: [AddedToken], beside vocabulary: Vocabulary) {
    self.tokens = tokens
    self.vocabulary = vocabulary
    places = Dictionary(tokens.enumerated().map { ($1.content, $0) }) { first, _ in first }
    lastID = tokens.map(\.id).max() ?? -1
  }

  /// Adds what the configurations list and name.
  ///
  /// Ids are not taken from `added_tokens_decoder`: a token that the vocabulary does not have gets the next free one.
  mutating func complete(with configuration: TokenizerConfiguration) {
    for (_, token) in configuration.listed { add(token) }
    let own = Set(places.keys).subtracting(configuration.listed.map(\.token.content))
    var seen: Set<UTF8Text> = []
    // The first that names a token decides its flags.
    for (_, token) in configuration.named where seen.insert(token.content).inserted {
      if configuration.hasDecoder || !own.contains(token.content) { addSpecial(token) }
    }
    for token in configuration.additional where seen.insert(token.content).inserted { addSpecial(token) }
  }

  var size: Int { tokens.reduce(0) { $0 + $1.content.bytes.count } }

  /// The id of an added token.
  func id(of content: UTF8Text) -> Int? { places[content].map { tokens[$0].id } }

  private mutating func addSpecial(_ token: NamedToken) {
    if token.isBare, places[token.content] != nil { return }
    var token = token
    token.isSpecial = true
    add(token)
  }

  private mutating func add(_ token: NamedToken) {
    guard !token.content.bytes.isEmpty else { return }
    guard let place = places[token.content] else { return append(token) }
    var new = token.added(id: tokens[place].id)
    // The library looks for a special token in the text where it first did, and it stays special.
    if tokens[place].isSpecial { (new.isSpecial, new.isNormalized) = (true, tokens[place].isNormalized) }
    tokens[place] = new
  }

  private mutating func append(_ token: NamedToken) {
    let free = max(lastID + 1, vocabulary.count)
    let id = vocabulary.id(of: token.content).map(Int.init) ?? free
    places[token.content] = tokens.count
    tokens.append(token.added(id: id))
    lastID = max(lastID, id)
  }
}
