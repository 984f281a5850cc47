/// What every target fails with: what went wrong and how to remedy it in one sentence, and where.
///
/// The code decides the exit status; a caller that wants to react (a smaller batch after `outOfMemory`) reads it too.
public struct TelltaleError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// A file, an option or a value that the user can mend (exit code 2).
    case badInput
    /// Shapes, element types or devices that do not fit together: a caller's mistake.
    case invalidArgument
    /// The machine or the device has no memory left: a normal event in a sweep, which may go on with a smaller batch.
    case outOfMemory
    /// Anything else that a library or the operating system reports.
    case failed
  }

  /// What would help, where a program may have an option for it: the sentence names the thing, the program its option.
  public enum Remedy: String, Sendable, CaseIterable {
    case allowAnyModel, chooseModel, chooseLayers, chooseLayer, choosePosition, chooseRead, takeFewer
    case stateConvention, importVector, computeInFloat32, useDenseWeights, labelByChoice, resume, giveRecording
    case nameOutput, resumeOrNameOutput, chooseTemplate, chooseAddress, chooseEndpoint, giveKey
    case chooseJudgedModel
  }

  public typealias Location = InputLocation

  public var code: Code
  /// One sentence: what is wrong and how to remedy it.
  public var message: String
  public var location: InputLocation?
  /// What was thrown first, where this error says it in the terms of a caller.
  public var cause: (any Error)?
  public var remedy: Remedy?

  public init(
    _ code: Code, _ message: String, at location: InputLocation? = nil, cause: (any Error)? = nil, remedy: Remedy? = nil
  ) {
    self.remedy = remedy
    self.code = code
    self.message = message
    self.location = location
    self.cause = cause
  }

  /// True where the user can mend it (exit code 2), false for failures of ours or of the machine (exit code 1).
  public var isBadInput: Bool { code == .badInput }

  /// Calls `body`; what it finds wrong without naming a place is of this file.
  package static func located<T>(in file: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch var error as TelltaleError where error.isBadInput && error.location == nil {
      error.location = InputLocation(file: file)
      throw error
    }
  }

  public var description: String { location.map { "\($0): \(message)" } ?? message }
}
