import Foundation
import Foundations
import Testing

@testable import Torch

/// Expects the shape, and every element within `tolerance` of the expected one; not-a-number equals itself.
func expectClose(
  _ tensor: Tensor, _ expected: [Double], shape: [Int]? = nil, tolerance: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(tensor.shape == shape ?? [expected.count], sourceLocation: sourceLocation)
  let values = try tensor.doubles()
  try #require(values.count == expected.count, sourceLocation: sourceLocation)
  for (index, (value, wanted)) in zip(values, expected).enumerated() {
    let same = value == wanted || (value.isNaN && wanted.isNaN) || abs(value - wanted) <= tolerance
    #expect(same, "element \(index) is \(value), expected \(wanted)", sourceLocation: sourceLocation)
  }
}

/// Expects a `TelltaleError` of the given code, whose description is one readable line.
@discardableResult
func expectError<Result>(
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

/// Expects that as many tensors are alive after `body` as before. Only this thread's are counted, so other tests that
/// run meanwhile do not disturb it.
func expectNoTensorLeak(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) rethrows {
  let before = Runtime.liveTensorCountOfThread
  try body()
  #expect(Runtime.liveTensorCountOfThread == before, sourceLocation: sourceLocation)
}

/// Calls `body` with a new empty folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telltale-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

let repositoryRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

func fixture(_ name: String) -> URL { repositoryRoot.appendingPathComponent("Tests/Fixtures/torch/\(name)") }

/// A generator that gives the same numbers in every run (SeededGenerator, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
