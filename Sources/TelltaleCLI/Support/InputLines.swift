import Foundation
import Foundations
import Torch

/// The lines of stdin, as they come; none longer than 1 MiB.
struct InputLines {
  private static let longest = 1 << 20
  private var buffer: [UInt8] = []
  private var number = 0
  private var atEnd = false

  /// The next line without its end; nil after the last.
  mutating func next() throws -> String? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) { return try take(end, dropping: end + 1) }
      if atEnd { return buffer.isEmpty ? nil : try take(buffer.count, dropping: buffer.count) }
      guard buffer.count <= Self.longest else {
        throw TelltaleError(
          .badInput, "is longer than 1 MiB, which is no prompt", at: InputLocation(file: "stdin", line: number + 1))
      }
      fill()
    }
  }

  private mutating func fill() {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(STDIN_FILENO, &chunk, chunk.count)
    if count < 0, errno == EINTR { return }
    if count <= 0 { atEnd = true } else { buffer += chunk[..<count] }
  }

  private mutating func take(_ end: Int, dropping next: Int) throws -> String {
    number += 1
    let line = Array(buffer[..<end])
    buffer.removeFirst(next)
    guard let text = String(validating: line, as: UTF8.self) else {
      throw TelltaleError(
        .badInput, "is not UTF-8; save the prompts as UTF-8", at: InputLocation(file: "stdin", line: number))
    }
    return text.hasSuffix("\r") ? String(text.dropLast()) : text
  }
}
