import Foundation
import Foundations

/// Changes the bytes of a file as damage, other tools and people do: bits, pieces, numbers, words of its format.
struct Mutator {
  private var random: SeededGenerator
  /// Words and numbers that readers branch on.
  private let words: [[UInt8]]

  private static let longest = 1 << 20

  init(seed: UInt64, words: [String]) {
    random = SeededGenerator(seed: seed)
    self.words = (words + Self.common).map { Array($0.utf8) }
  }

  private static let common = [
    "null", "true", "false", "-1", "0", "1", "1.5", "1e308", "1e999", "9223372036854775807", "9223372036854775808",
    "4294967295", "NaN", "[]", "{}", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\u{FEFF}", "\u{0}", "é", "\u{202E}", "😀",
    "\n", "\r\n", ",", ":", "\"", "'", "\\", "[[[[[[[[", "{\"a\":", String(repeating: "A", count: 5000),
  ]

  private static let integers: [UInt64] = [
    0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 40, 1 << 62,
    0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
  ]

  /// One to four changes.
  ///
  /// - Parameter others: files of the same kind, of which pieces may be taken.
  mutating func mutated(_ bytes: [UInt8], others: [[UInt8]]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<(1 + random.index(below: 4)) { change(&bytes, others) }
    return Array(bytes.prefix(Self.longest))
  }

  mutating func choose<Element>(_ list: [Element]) -> Element { list[random.index(below: list.count)] }

  private mutating func place(in bytes: [UInt8]) -> Int { bytes.isEmpty ? 0 : random.index(below: bytes.count) }

  /// A stretch, mostly short.
  private mutating func stretch(of bytes: [UInt8]) -> Range<Int> {
    let start = place(in: bytes)
    let most = min(bytes.count - start, random.index(below: 8) == 0 ? 4096 : 24)
    return start..<start + (most > 0 ? random.index(below: most + 1) : 0)
  }

  private mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
    guard !bytes.isEmpty else {
      bytes = choose(words)
      return
    }
    switch random.index(below: 10) {
    case 0: bytes[place(in: bytes)] ^= 1 << UInt8(random.index(below: 8))
    case 1: bytes[place(in: bytes)] = UInt8(random.index(below: 256))
    case 2: bytes.removeSubrange(stretch(of: bytes))
    case 3: bytes.insert(contentsOf: bytes[stretch(of: bytes)], at: place(in: bytes))
    case 4: bytes.replaceSubrange(stretch(of: bytes), with: choose(words))
    case 5: bytes.insert(contentsOf: choose(words), at: place(in: bytes))
    case 6: changeNumber(&bytes)
    case 7: overwrite(&bytes)
    case 8: splice(&bytes, choose(others))
    default: if random.index(below: 4) == 0 { bytes.removeLast(random.index(below: bytes.count)) }
    }
  }

  /// A number that is written out becomes another one.
  private mutating func changeNumber(_ bytes: inout [UInt8]) {
    let start = place(in: bytes)
    guard let first = bytes[start...].firstIndex(where: Self.isDigit) else { return }
    let end = bytes[first...].firstIndex { !Self.isDigit($0) } ?? bytes.count
    let numbers = ["0", "1", "-1", "2", "3", "64", "1000000", "0.5", "1e30", "99999999999999999999", "4294967296"]
    bytes.replaceSubrange(first..<end, with: Array(choose(numbers).utf8))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// A binary integer of two, four or eight bytes.
  private mutating func overwrite(_ bytes: inout [UInt8]) {
    let width = choose([2, 4, 8])
    let value = choose(Self.integers)
    let start = random.index(below: 3) == 0 ? place(in: bytes) : place(in: bytes) / 4 * 4
    for offset in 0..<width where start + offset < bytes.count {
      bytes[start + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * offset))
    }
  }

  private mutating func splice(_ bytes: inout [UInt8], _ other: [UInt8]) {
    guard !other.isEmpty else { return }
    bytes.replaceSubrange(stretch(of: bytes), with: other[stretch(of: other)])
  }
}
