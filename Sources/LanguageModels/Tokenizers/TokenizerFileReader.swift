import Foundation

/// Reads whole files of a tokenizer's directory.
enum TokenizerFileReader {
  /// Larger than any tokenizer file in use, and small enough to read.
  private static let largestFile = 256 << 20

  static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path)
  }

  static func bytes(of url: URL) throws(ModelError) -> [UInt8] {
    let location = ModelError.Location(file: url.path)
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
    guard size <= largestFile else {
      throw ModelError(.badInput, "has \(size) bytes, more than a tokenizer file can; name another file", at: location)
    }
    do {
      return Array(try Data(contentsOf: url))
    } catch {
      throw ModelError(.badInput, "cannot be read; check that it exists and may be read", at: location)
    }
  }

  /// The JSON document in a file, nil if there is no such file.
  static func json(at url: URL) throws(ModelError) -> JSONValue? {
    guard exists(url) else { return nil }
    return try JSONParser.parse(bytes(of: url), file: url.path)
  }
}
