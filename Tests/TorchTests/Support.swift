import Foundation
import Foundations
import TestSupport
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

/// Expects that as many tensors are alive after `body` as before. Only this thread's are counted, so other tests that
/// run meanwhile do not disturb it.
func expectNoTensorLeak(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) rethrows {
  let before = Runtime.liveTensorCountOfThread
  try body()
  #expect(Runtime.liveTensorCountOfThread == before, sourceLocation: sourceLocation)
}

let repositoryRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

func fixture(_ name: String) -> URL { repositoryRoot.appendingPathComponent("Tests/Fixtures/torch/\(name)") }
