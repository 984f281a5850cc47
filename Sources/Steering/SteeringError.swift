/// Everything that can go wrong between a data file and a steering vector.
///
/// The message is one sentence that says what is wrong and how to remedy it; `location` says where.
public struct SteeringError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is; `badInput` is the user's to mend (exit code 2), the rest are failures (exit code 1).
  public enum Code: Sendable { case badInput, outOfMemory, failed }

  /// The file, and inside it the line or the named item (row, column, field), that the message is about.
  public struct Location: Sendable, Equatable {
    public var file: String
    public var line: Int?
    public var item: String?

    public init(file: String, line: Int? = nil, item: String? = nil) {
      self.file = file
      self.line = line
      self.item = item
    }
  }

  public var code: Code
  public var message: String
  public var location: Location?

  public init(_ code: Code, _ message: String, at location: Location? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }

  public var description: String {
    guard let location else { return message }
    let line = location.line.map { ":\($0)" } ?? ""
    let item = location.item.map { " (\($0))" } ?? ""
    return "\(location.file)\(line)\(item): \(message)"
  }
}
