import Foundation
import Foundations
import Testing

/// Expects a `TelltaleError` of the given code, whose description is one readable line.
@discardableResult
package func expectError<Result>(
  _ code: TelltaleError.Code, containing part: String? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Result
) -> String {
  do {
    _ = try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as TelltaleError {
    let text = "\(error)"
    #expect(error.code == code, "\(text)", sourceLocation: sourceLocation)
    #expect(
      !text.contains { $0.isNewline } && (10...500).contains(text.count), "\(text)", sourceLocation: sourceLocation)
    if let part { #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation) }
    return text
  } catch {
    Issue.record("\(error) is no TelltaleError", sourceLocation: sourceLocation)
  }
  return ""
}

/// Calls `body` with a new empty folder, which is removed afterwards.
package func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telltale-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
