import LanguageModels
import Torch

/// Everything that can go wrong between a data file and a steering vector.
///
/// The message is one sentence that says what is wrong and how to remedy it; `location` says where.
public struct SteeringError: LocatedError {
  /// What kind of failure it is; `badInput` is the user's to mend (exit code 2), the rest are failures (exit code 1).
  public enum Code: Sendable { case badInput, outOfMemory, failed }

  public typealias Location = InputLocation

  public var code: Code
  public var message: String
  public var location: Location?

  public init(_ code: Code, _ message: String, at location: Location? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }

  public var isBadInput: Bool { code == .badInput }
}
