import Foundations
import Testing
import Torch

@testable import LanguageModels

/// The error that `body` ends with, which must be the user's to mend and one sentence on one line.
func refusal<Value>(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Value
) throws -> TelltaleError {
  let thrown = #expect(throws: (any Error).self, sourceLocation: sourceLocation) { _ = try body() }
  let error = try #require(thrown as? TelltaleError, sourceLocation: sourceLocation)
  #expect(error.isBadInput, sourceLocation: sourceLocation)
  #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
  #expect(error.description.count < 500, sourceLocation: sourceLocation)
  return error
}
