import Foundations

/// The tokens of a model and their ids.
package struct Vocabulary: Sendable {
  /// Ids must be below this: no tokenizer in use comes near it, and tables are sized by the largest id.
  static let idLimit = 1 << 22

  private var texts: [UTF8Text?] = []
  private var ids: [UTF8Text: Int32] = [:]

  package init(capacity: Int = 0) {
    texts.reserveCapacity(capacity)
    ids.reserveCapacity(capacity)
  }

  /// The largest id plus one; ids below it may be unused.
  var size: Int { texts.count }

  /// How many tokens there are.
  var count: Int { ids.count }

  var entries: some Sequence<(id: Int32, text: UTF8Text)> {
    texts.indices.lazy.compactMap { index in
      texts[index].map { (id: Int32(index), text: $0) }
    }
  }

  func id(of text: UTF8Text) -> Int32? { ids[text] }

  func text(of id: Int) -> UTF8Text? {
    texts.indices.contains(id) ? texts[id] : nil
  }

  /// Adds a token; adding it again with the same id changes nothing.
  ///
  /// - Throws: what is wrong with it: an id out of range, taken by another token, or different from before.
  package mutating func insert(_ text: UTF8Text, id: Int) throws(VocabularyFailure) {
    guard (0..<Self.idLimit).contains(id) else { throw VocabularyFailure("has the id \(id), beyond what is possible") }
    if let known = ids[text] {
      guard known == Int32(id) else { throw VocabularyFailure("has two ids, \(known) and \(id)") }
      return
    }
    if id >= texts.count { texts.append(contentsOf: repeatElement(nil, count: id + 1 - texts.count)) }
    if let other = texts[id] {
      throw VocabularyFailure("has the id \(id), which \"\(SafeText.quoted(other.string))\" has already")
    }
    texts[id] = text
    ids[text] = Int32(id)
  }

  /// The ids of the tokens that consist of one scalar.
  var singleScalarIDs: [Unicode.Scalar: Int32] {
    var result: [Unicode.Scalar: Int32] = [:]
    for (id, text) in entries where text.bytes.count <= 4 {
      let scalars = text.scalars
      if scalars.count == 1 { result[scalars[0]] = id }
    }
    return result
  }
}

/// What is wrong with an entry, as the end of a sentence whose subject is the token.
package struct VocabularyFailure: Error {
  let message: String

  init(_ message: String) {
    self.message = message
  }
}
