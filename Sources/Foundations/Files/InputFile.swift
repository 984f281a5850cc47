import Foundation

/// The bytes of one data file, read with a bound and known to be UTF-8, and the name that errors call it by.
package struct InputFile: Sendable {
  /// The largest data file read, in bytes (512 MB).
  package static let maximumBytes = 512 << 20
  /// The longest line of JSON Lines, or record of CSV, accepted, in bytes (16 MB).
  package static let maximumLineBytes = 16 << 20

  package let name: String
  /// UTF-8 without a leading byte-order mark.
  package let bytes: [UInt8]

  /// Reads `url` whole.
  ///
  /// Throws `badInput` when it is missing, not a regular file, unreadable, too large or not UTF-8.
  package init(contentsOf url: URL, maximumBytes: Int = InputFile.maximumBytes) throws(TelltaleError) {
    let name = url.relativePath
    try Self.checkSize(of: url, name: name, maximumBytes: maximumBytes)
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "the file could not be read; check its permissions", at: .init(file: name))
    }
    try self.init(bytes: [UInt8](data), name: name)
  }

  /// Takes bytes already in memory; throws `badInput` naming the first line that is not UTF-8.
  package init(bytes: [UInt8], name: String) throws(TelltaleError) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    self.name = name
    self.bytes = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    if String(validating: self.bytes, as: UTF8.self) == nil { throw invalidEncoding }
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The half-open byte ranges of the lines, line ends excluded.
  package var lines: [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: .newline) {
      ranges.append(start..<(end > start && bytes[end - 1] == .carriageReturn ? end - 1 : end))
      start = end + 1
    }
    if start < bytes.count { ranges.append(start..<bytes.count) }
    return ranges
  }

  /// A `badInput` about one line (counted from 1) of this file.
  package func error(_ message: String, line: Int? = nil, item: String? = nil) -> TelltaleError {
    TelltaleError(.badInput, message, at: .init(file: name, line: line, item: item))
  }

  /// The line (counted from 1) on which the byte at `position` stands.
  package func line(at position: Int) -> Int { bytes.prefix(position).count { $0 == .newline } + 1 }

  /// The one JSON value in `range` (the whole file when nil).
  package func json(_ range: Range<Int>? = nil) throws(TelltaleError) -> JSONValue {
    do throws(JSONParser.Failure) { return try JSONParser.parse(bytes, range: range) } catch {
      throw self.error("invalid JSON, \(error.message); mend this line", line: line(at: error.position))
    }
  }

  private var invalidEncoding: TelltaleError {
    // A newline byte never occurs inside a multi-byte sequence, so lines can be checked one by one.
    let line = lines.firstIndex { String(validating: bytes[$0], as: UTF8.self) == nil }
    return error("the text is not valid UTF-8; save the file as UTF-8", line: line.map { $0 + 1 })
  }

  private static func checkSize(of url: URL, name: String, maximumBytes: Int) throws(TelltaleError) {
    let path = url.resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      throw TelltaleError(.badInput, "there is no such file; check the path", at: .init(file: name))
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw TelltaleError(.badInput, "this is not a regular file; give the path of a data file", at: .init(file: name))
    }
    let size = (attributes[.size] as? NSNumber)?.int64Value ?? 0
    guard size <= Int64(maximumBytes) else {
      let message = "the file has \(size) bytes, more than the \(maximumBytes) that are read; split it"
      throw TelltaleError(.badInput, message, at: .init(file: name))
    }
  }
}

/// The ASCII bytes that the readers look for.
extension UInt8 {
  package static let newline = UInt8(ascii: "\n")
  package static let carriageReturn = UInt8(ascii: "\r")
  package static let quote = UInt8(ascii: "\"")
  package static let comma = UInt8(ascii: ",")
  package static let backslash = UInt8(ascii: "\\")
}
