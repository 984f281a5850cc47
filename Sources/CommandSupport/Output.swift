import Foundation
import Foundations
import Torch

/// Results on stdout.
package enum Output {
  package static func line(_ text: String) { StandardStreams.write(result: text + "\n") }

  /// Sentences: broken at words where they go to a terminal, further rows indented.
  package static func prose(_ text: String, indent: Int = 0) {
    guard let width = Terminal.width else { return line(text) }
    for row in WrappedText.rows(text, width: width, indent: indent) { line(row) }
  }

  /// A title: bold on a terminal.
  package static func title(_ text: String) { prose(TerminalColour.ofResults.text(text, .strong)) }

  /// One JSON object on one line, keys sorted, so that outputs can be compared.
  package static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    line(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// JSON Lines files that commands read: one object a line, blank lines skipped, every error with its line.
package enum JSONLines {
  /// Files beyond this are no list of prompts.
  private static let largest = 1 << 30

  package static func read<Row: Decodable>(_ path: String, expecting example: String) throws -> [Row] {
    try numbered(path, expecting: example).map(\.row)
  }

  /// The rows with their lines (from 1), for complaints that can only be made later.
  package static func numbered<Row: Decodable>(_ path: String, expecting example: String) throws -> [(
    line: Int, row: Row
  )] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try lines(path, expecting: example).map { number, line in
      do { return (number, try decoder.decode(Row.self, from: line)) } catch {
        throw TelltaleError(
          .badInput, "is not an object like \(example)", at: InputLocation(file: path, line: number))
      }
    }
  }

  /// The lines that are not blank, with their numbers; `-` is stdin.
  package static func lines(_ path: String, expecting example: String) throws -> [(number: Int, line: Data)] {
    let place = InputLocation(file: path)
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    guard size <= largest else { throw TelltaleError(.badInput, "is larger than 1 GB; split it", at: place) }
    let data =
      path == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
    guard let data else { throw TelltaleError(.badInput, "cannot be read; check the path", at: place) }
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
      .map { (number: $0.offset + 1, line: Data($0.element)) }
      .filter { !$0.line.allSatisfy { $0 == 32 || $0 == 13 || $0 == 9 } }
    guard !lines.isEmpty else {
      throw TelltaleError(.badInput, "holds no rows; give one object like \(example) a line", at: place)
    }
    return lines
  }
}
