/// The file, and inside it the line or the named item (tensor, key, token), that an error is about.
public struct InputLocation: Sendable, Equatable, CustomStringConvertible {
  public var file: String
  /// Counted from 1, as editors count.
  public var line: Int?
  public var item: String?

  public init(file: String, line: Int? = nil, item: String? = nil) {
    self.file = file
    self.line = line
    self.item = item
  }

  public var description: String {
    let line = line.map { ":\($0)" } ?? ""
    let item = item.map { " (\(SafeText.quoted($0)))" } ?? ""
    return "\(file)\(line)\(item)"
  }
}
