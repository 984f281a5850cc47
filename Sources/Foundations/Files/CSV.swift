import Foundation

/// A comma-separated table with a header (RFC 4180), whose rows remember their lines so that errors can name them.
///
/// Fields may be quoted, with `""` for a quote, and may then hold commas and line breaks. Lines end in LF, CRLF or CR.
/// A leading byte-order mark is dropped, blank lines are skipped. Fields are kept exactly as stored, spaces included.
public struct CSVTable: Sendable {
  public struct Row: Sendable, Equatable {
    /// The line the row begins on, counted from 1.
    public let line: Int
    /// As many fields as the header has columns.
    public let fields: [String]
  }

  /// The name that errors give the file.
  public let file: String
  public let header: [String]
  public let rows: [Row]

  /// Reads a file of at most 512 MB.
  ///
  /// Throws `badInput` naming the line for an unterminated quote, a stray quote, a row with too many or too few fields,
  /// a repeated column name, invalid UTF-8, or a file without a header.
  public init(contentsOf url: URL) throws(TelltaleError) {
    try self.init(InputFile(contentsOf: url))
  }

  /// Parses `text`, which errors call `file`.
  public init(parsing text: String, file: String) throws(TelltaleError) {
    try self.init(InputFile(bytes: Array(text.utf8), name: file))
  }

  package init(_ input: InputFile) throws(TelltaleError) {
    var parser = CSVParser(input)
    guard let header = try parser.next() else {
      throw input.error("the file is empty; its first line should name the columns")
    }
    if let twice = header.fields.enumerated().first(where: { header.fields[..<$0.offset].contains($0.element) }) {
      throw input.error(
        "the column \"\(SafeText.quoted(twice.element))\" is named twice; rename one", line: header.line)
    }
    var rows: [Row] = []
    while let row = try parser.next() {
      guard row.fields.count == header.fields.count else {
        let counts = "the row has \(row.fields.count) fields and the header \(header.fields.count)"
        throw input.error("\(counts); quote fields that hold commas", line: row.line)
      }
      rows.append(row)
    }
    self.file = input.name
    self.header = header.fields
    self.rows = rows
  }

  private init(file: String, header: [String], rows: [Row]) {
    (self.file, self.header, self.rows) = (file, header, rows)
  }

  /// The table as it was before Telltale wrote it: without the escapes that keep spreadsheets from computing fields.
  package var restored: CSVTable {
    CSVTable(
      file: file, header: header.map(SheetText.restored),
      rows: rows.map { Row(line: $0.line, fields: $0.fields.map(SheetText.restored)) })
  }

  /// The column called `name` exactly; throws `badInput` listing the columns there are.
  public func column(_ name: String) throws(TelltaleError) -> CSVColumn {
    if let column = columnIfPresent(name) { return column }
    let columns = SafeText.quoted(header.joined(separator: ", "))
    let message = "there is no column \"\(name)\"; the columns are \(columns)"
    throw TelltaleError(.badInput, message, at: .init(file: file, line: 1))
  }

  /// The column called `name`, or nil.
  public func columnIfPresent(_ name: String) -> CSVColumn? {
    guard let index = header.firstIndex(of: name) else { return nil }
    return CSVColumn(table: self, name: name, index: index)
  }
}

/// One column of a table, read as text or as numbers; one value for each row, in order.
public struct CSVColumn: Sendable {
  let table: CSVTable
  public let name: String
  let index: Int

  public var strings: [String] { table.rows.map { $0.fields[index] } }

  /// Every value as a finite number; throws `badInput` naming the line of the first that is not one.
  public func numbers() throws(TelltaleError) -> [Double] {
    var values: [Double] = []
    for row in table.rows { values.append(try number(in: row)) }
    return values
  }

  /// As `numbers()`, with nil for empty fields.
  public func optionalNumbers() throws(TelltaleError) -> [Double?] {
    var values: [Double?] = []
    for row in table.rows { values.append(trimmed(row).isEmpty ? nil : try number(in: row)) }
    return values
  }

  /// Every value as a whole number; `1.0` counts as 1.
  public func integers() throws(TelltaleError) -> [Int] {
    var values: [Int] = []
    for row in table.rows {
      guard let value = Int(exactly: try number(in: row)) else { throw wrong(row, "a whole number") }
      values.append(value)
    }
    return values
  }

  private func trimmed(_ row: CSVTable.Row) -> String { row.fields[index].trimmingCharacters(in: .whitespaces) }

  private func number(in row: CSVTable.Row) throws(TelltaleError) -> Double {
    guard let value = Double(row.fields[index]) ?? Double(trimmed(row)), value.isFinite else {
      throw wrong(row, "a finite number")
    }
    return value
  }

  private func wrong(_ row: CSVTable.Row, _ expected: String) -> TelltaleError {
    let message = "\"\(SafeText.quoted(row.fields[index].prefix(40)))\" is not \(expected); mend the value"
    return TelltaleError(
      .badInput, message, at: .init(file: table.file, line: row.line, item: "column \(SafeText.quoted(name))"))
  }
}

/// Writes tables whose fields no spreadsheet computes and no terminal obeys (`SheetText`); lines end in LF. A `CSVTable` that
/// is `restored` has the fields exactly as they were.
public enum CSVWriter {
  /// The header and rows as one text, ending in a line break.
  public static func text(header: [String], rows: [[String]]) -> String {
    ([header] + rows).map { line($0) + "\n" }.joined()
  }

  /// One record without its line end.
  public static func line(_ fields: [String]) -> String {
    // A lone empty field would be a blank line, which readers skip.
    fields == [""] ? "\"\"" : fields.map(quoted).joined(separator: ",")
  }

  private static func quoted(_ text: String) -> String {
    let field = SheetText.escaped(text)
    guard field.utf8.contains(where: { $0 == .comma || $0 == .quote || $0 == .newline || $0 == .carriageReturn })
    else { return field }
    // By scalar: a quote with a combining mark after it is another Character, yet still a quote.
    return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}

/// Takes one record after another off the bytes of a file.
private struct CSVParser {
  private let input: InputFile
  private var index = 0
  private var line = 1

  init(_ input: InputFile) { self.input = input }

  private var byte: UInt8? { index < input.bytes.count ? input.bytes[index] : nil }
  private static func endsLine(_ byte: UInt8) -> Bool { byte == .newline || byte == .carriageReturn }

  /// The next record, or nil at the end of the file.
  mutating func next() throws(TelltaleError) -> CSVTable.Row? {
    while let byte, Self.endsLine(byte) { takeLineEnd() }
    guard byte != nil else { return nil }
    let start = (index: index, line: line)
    var fields = [try field()]
    while byte == .comma {
      index += 1
      fields.append(try field())
      guard index - start.index <= InputFile.maximumLineBytes else {
        throw input.error(
          "the row is longer than \(InputFile.maximumLineBytes) bytes; look for a missing quote", line: start.line)
      }
    }
    if byte != nil { takeLineEnd() }
    return CSVTable.Row(line: start.line, fields: fields)
  }

  private mutating func takeLineEnd() {
    let isPair = byte == .carriageReturn && index + 1 < input.bytes.count && input.bytes[index + 1] == .newline
    index += isPair ? 2 : 1
    line += 1
  }

  private mutating func field() throws(TelltaleError) -> String {
    if byte == .quote { return try quotedField() }
    let start = index
    while let byte, byte != .comma, !Self.endsLine(byte) {
      guard byte != .quote else {
        throw input.error(
          "a quote inside an unquoted field; quote the whole field and double the quotes in it", line: line)
      }
      index += 1
    }
    return String(decoding: input.bytes[start..<index], as: UTF8.self)
  }

  private mutating func quotedField() throws(TelltaleError) -> String {
    let opening = line
    index += 1
    var bytes: [UInt8] = []
    while let byte {
      index += 1
      if byte == .quote {
        guard self.byte == .quote else { return try closed(bytes) }
        index += 1
      }
      if byte == .newline || byte == .carriageReturn && self.byte != .newline { line += 1 }
      bytes.append(byte)
    }
    throw input.error("a quote is opened here and never closed; add the closing quote", line: opening)
  }

  private func closed(_ bytes: [UInt8]) throws(TelltaleError) -> String {
    guard byte.map({ $0 == .comma || Self.endsLine($0) }) ?? true else {
      throw input.error("text after a closing quote; double the quotes inside a quoted field", line: line)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
