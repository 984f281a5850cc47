import LanguageModels
import Tokenizers

/// A token and where its text begins in the answer's text, in Unicode scalars.
struct PlacedToken: Sendable, Equatable {
  var token: DecodedToken
  var offset: Int
}

/// Text of an answer that is certain, and the tokens that it is of.
struct AnswerPiece: Sendable, Equatable {
  var text = ""
  var tokens: [PlacedToken] = []

  var isEmpty: Bool { text.isEmpty && tokens.isEmpty }

  static func + (a: AnswerPiece, b: AnswerPiece) -> AnswerPiece {
    AnswerPiece(text: a.text + b.text, tokens: a.tokens + b.tokens)
  }
}

/// Turns tokens into an answer's text as they come: what may yet become a stop string or a whole character is held back.
struct AnswerText: Sendable {
  private var decoder: StreamingDecoder
  private let stops: [[Unicode.Scalar]]
  private var held: [Unicode.Scalar] = []
  private var heldTokens: [PlacedToken] = []
  /// Scalars that were handed out.
  private var given = 0
  private(set) var isStopped = false

  init(_ decoder: StreamingDecoder, stops: [String]) {
    self.decoder = decoder
    self.stops = stops.map { Array($0.unicodeScalars) }
  }

  /// The text of a prompt, which stop strings do not end.
  mutating func echo(_ prompt: [DecodedToken]) -> AnswerPiece {
    var piece = AnswerPiece()
    for token in prompt {
      piece.tokens.append(PlacedToken(token: token, offset: piece.text.unicodeScalars.count))
      piece.text += decoder.append(token.token)
    }
    piece.text += decoder.finish()
    given = piece.text.unicodeScalars.count
    return piece
  }

  /// Takes the prompt as what the answer's text continues, without telling it.
  mutating func follow(_ prompt: [Int]) {
    for token in prompt { _ = decoder.append(token) }
    _ = decoder.finish()
  }

  /// The text that the next token makes certain; after a stop string nothing more.
  mutating func append(_ token: DecodedToken) -> AnswerPiece {
    guard !isStopped else { return AnswerPiece() }
    heldTokens.append(PlacedToken(token: token, offset: given + held.count))
    held += Array(decoder.append(token.token).unicodeScalars)
    return release()
  }

  /// What was held back, at the end of the tokens.
  mutating func finish() -> AnswerPiece {
    guard !isStopped else { return AnswerPiece() }
    held += Array(decoder.finish().unicodeScalars)
    if let end = firstStop { return stop(at: end) }
    return hand(held.count, tokens: heldTokens.count)
  }

  private mutating func release() -> AnswerPiece {
    if let end = firstStop { return stop(at: end) }
    let certain = held.count - begunStop
    guard certain > 0 else { return AnswerPiece() }
    // A token of which the text begins after what is certain waits with it; one without text yet, too.
    let tokens = heldTokens.count { $0.offset < given + certain }
    return hand(certain, tokens: tokens)
  }

  /// Where the first stop string begins.
  private var firstStop: Int? {
    held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
  }

  /// How much of the end could be the beginning of a stop string.
  private var begunStop: Int {
    let longest = stops.map(\.count).max() ?? 0
    let lengths = (1..<max(longest, 1)).reversed().filter { $0 <= held.count }
    return lengths.first { length in stops.contains { $0.count > length && $0.starts(with: held.suffix(length)) } } ?? 0
  }

  private mutating func stop(at end: Int) -> AnswerPiece {
    isStopped = true
    return hand(end, tokens: heldTokens.count { $0.offset < given + end })
  }

  private mutating func hand(_ scalars: Int, tokens: Int) -> AnswerPiece {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: held.prefix(scalars))
    let piece = AnswerPiece(text: String(text), tokens: Array(heldTokens.prefix(tokens)))
    held.removeFirst(scalars)
    heldTokens.removeFirst(tokens)
    given += scalars
    return piece
  }
}
