import Foundation
import LanguageModels
import Statistics
import Testing
import Torch

@testable import Steering

/// `Tests/Fixtures/audit/probe.json`: what scikit-learn and NumPy make of 60 synthetic activations.
struct ProbeFixture: Decodable {
  struct Fit: Decodable {
    let c: Double
    let coefficients: [Double]
    let intercept: Double
    let heldOut: [Double]
    let heldOutAUROC: Double
  }

  let activations: [[Double]]
  let labels: [Int]
  let groups: [String]
  let folds: [Int]
  let fits: [Fit]
  let explainedVarianceRatio: [Double]
  let components: [[Double]]
  let weights: [[Double]]
  let projectionAUROCs: [Double]
  let cosineAUROCs: [Double]
  let centredCosineAUROCs: [Double]
  let anisotropy: Double

  static func load() throws -> ProbeFixture {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/audit/probe.json")
    return try JSONDecoder().decode(ProbeFixture.self, from: Data(contentsOf: url))
  }

  var hidden: Int { activations[0].count }
  func stream() throws -> Tensor {
    try Tensor(activations.flatMap { $0.map(Float.init) }, shape: [labels.count, hidden])
  }

  /// A recording of one layer, read at the prompt.
  func recording() throws -> Recording {
    let rows = labels.indices.map { recordedRow($0, label: labels[$0], group: groups[$0]) }
    return Recording(rows: rows, layers: [0], activations: [.prompt: try stream().unsqueezed(1)])
  }
}

func recordedRow(
  _ index: Int, label: Int?, group: String, letter: String? = "A", promptTokens: Int = 40
) -> RecordedRow {
  var row = RecordedRow(
    id: "made#\(index)", group: group, question: "", source: "made", row: index, letter: letter, prompt: "",
    continuation: "", end: "stop", labelSource: .reference, promptTokens: promptTokens, promptToken: 0,
    promptTokenText: "", continuationToken: 0)
  row.label = label
  return row
}

func expectClose(
  _ actual: [Double], _ expected: [Double], within tolerance: Double, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  for (index, (a, e)) in zip(actual, expected).enumerated() {
    #expect(
      abs(a - e) <= tolerance, "\(what) \(index): \(a) is not \(e) within \(tolerance)", sourceLocation: sourceLocation)
  }
}
