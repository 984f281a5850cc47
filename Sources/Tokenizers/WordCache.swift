import Foundations
import Synchronization

/// Remembers how words were tokenized; text repeats its words.
final class WordCache: Sendable {
  /// Words longer than this, in bytes, are not worth the memory.
  private static let longestWord = 128
  private static let capacity = 32_768

  private let words = Mutex<[UTF8Text: [Symbol]]>([:])

  subscript(word: UTF8Text) -> [Symbol]? {
    guard word.bytes.count <= Self.longestWord else { return nil }
    return words.withLock { $0[word] }
  }

  func insert(_ symbols: [Symbol], for word: UTF8Text) {
    guard word.bytes.count <= Self.longestWord else { return }
    words.withLock { words in
      if words.count >= Self.capacity { words.removeAll(keepingCapacity: true) }
      words[word] = symbols
    }
  }
}
