internal import CTorch

/// What a tensor operation or a tensor file can fail with.
public struct TorchError: LocatedError {
  public enum Code: Sendable {
    /// A file is damaged or not what it should be; the user can mend it.
    case badInput
    /// Shapes, element types or devices that do not fit together.
    case invalidArgument
    /// The machine or the device has no memory left: a normal event in a sweep, which may go on with a smaller batch.
    case outOfMemory
    /// Anything else libtorch or the operating system reports.
    case failed
  }

  public var code: Code
  public var message: String
  public var location: InputLocation?

  public init(_ code: Code, _ message: String, at location: InputLocation? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }

  public var isBadInput: Bool { code == .badInput }

  /// Takes over the message of a failed call and frees the C side's copy.
  init(taking error: inout ct_error) {
    let text = error.message.map { String(cString: $0) } ?? "unknown failure in libtorch"
    switch error.code {
    case Int32(CT_INVALID.rawValue): code = .invalidArgument
    case Int32(CT_OUT_OF_MEMORY.rawValue): code = .outOfMemory
    default: code = .failed
    }
    message = text.split(separator: "\n").first.map(String.init) ?? text
    ct_error_clear(&error)
  }
}
