import Foundation
import Foundations

/// Reads whole files of a tokenizer's directory.
enum TokenizerFileReader {
  /// Larger than any tokenizer file in use, and small enough to read.
  private static let largestFile = 256 << 20

  static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path)
  }

  static func bytes(of url: URL) throws(TelltaleError) -> [UInt8] {
    let location = TelltaleError.Location(file: url.path)
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
    guard size <= largestFile else {
      throw TelltaleError(
        .badInput, "has \(size) bytes, more than a tokenizer file can; name another file", at: location)
    }
    do {
      return Array(try Data(contentsOf: url))
    } catch {
      throw TelltaleError(.badInput, "cannot be read; check that it exists and may be read", at: location)
    }
  }

  /// The JSON document in a file, nil if there is no such file.
  static func json(at url: URL) throws(TelltaleError) -> JSONValue? {
    guard exists(url) else { return nil }
    return try json(in: bytes(of: url), file: url.path)
  }

  /// The JSON document that a file's bytes are.
  static func json(in bytes: [UInt8], file: String) throws(TelltaleError) -> JSONValue {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TelltaleError(.badInput, "is not UTF-8 text; fetch the file again", at: .init(file: file))
    }
    do throws(JSONParser.Failure) { return try JSONParser.parse(bytes) } catch {
      let line = bytes.prefix(error.position).count { $0 == .newline } + 1
      let message = "is not valid JSON, \(error.message); fetch the file again"
      throw TelltaleError(.badInput, message, at: .init(file: file, line: line))
    }
  }
}
