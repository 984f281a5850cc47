import Foundation
import Foundations
import Torch

/// Results on stdout.
package enum Output {
  package static func line(_ text: String) { StandardStreams.write(result: text + "\n") }

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
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    guard size <= largest else {
      throw TelltaleError(.badInput, "is larger than 1 GB; split it", at: InputLocation(file: path))
    }
    guard
      let data = path == "-"
        ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
    else { throw TelltaleError(.badInput, "cannot be read; check the path", at: InputLocation(file: path)) }
    var rows: [(line: Int, row: Row)] = []
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
      do { rows.append((index + 1, try decoder.decode(Row.self, from: Data(line)))) } catch {
        throw TelltaleError(
          .badInput, "is not an object like \(example)", at: InputLocation(file: path, line: index + 1))
      }
    }
    guard !rows.isEmpty else {
      throw TelltaleError(
        .badInput, "holds no rows; give one object like \(example) a line", at: InputLocation(file: path))
    }
    return rows
  }
}
