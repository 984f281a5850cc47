import Torch

/// What can go wrong between an experiment file and its results.
public struct ExperimentError: LocatedError {
  /// `badInput` is the user's to mend (exit code 2), `failed` is ours or the machine's (exit code 1).
  public enum Code: Sendable { case badInput, failed }

  public var code: Code
  public var message: String
  public var location: InputLocation?

  public init(_ code: Code, _ message: String, at location: InputLocation? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }

  public var isBadInput: Bool { code == .badInput }
}
