import Foundations
import LanguageModels
import Statistics
import Torch

/// A recording of normal activations in which one direction carries the label, 8 rows a question.
package struct SyntheticRecording {
  package let recording: Recording
  package let vectors: SteeringVectors
  package let differences: PairDifferences

  /// - Parameter effect: the distance of the class means along the vectors' direction, in standard deviations of a row.
  package init(rows: Int, layers: Int, hidden: Int, pairs: Int, effect: Float = 2) throws {
    var generator = SeededGenerator(seed: 1)
    let labels = (0..<rows).map { _ in generator.index(below: 2) }
    let direction = try Tensor.randomNormal([hidden], seed: 2) / Double(hidden).squareRoot()
    let shift = try Tensor(labels.map { Float($0) * effect }).unsqueezed(1) * direction.unsqueezed(0)  // [rows, hidden]
    func stream(_ seed: Int) throws -> Tensor {
      let noise = try Tensor.randomNormal([rows, hidden], seed: UInt64(seed))
      return try (noise + shift).unsqueezed(1)
    }
    // Layer by layer into one tensor, so that the peak is the recording and not twice that.
    func activations(_ seed: Int) throws -> Tensor {
      let whole = try Tensor.zeros([rows, layers, hidden])
      for layer in 0..<layers { try whole.writeInPlace(1, start: layer, stream(seed + layer)) }
      return whole
    }
    recording = Recording(
      rows: labels.indices.map { Self.row($0, labels[$0], letter: generator.index(below: 2)) },
      layers: Array(0..<layers), activations: [.prompt: try activations(100), .continuation: try activations(1_000)])
    let vector = try direction.floats()
    vectors = SteeringVectors(
      layers: Dictionary(uniqueKeysWithValues: (0..<layers).map { ($0, vector) }), provenance: VectorProvenance())
    differences = PairDifferences(
      differences: try Tensor.randomNormal([pairs, layers, hidden], seed: 3), layers: Array(0..<layers))
  }

  private static func row(_ index: Int, _ label: Int, letter: Int) -> RecordedRow {
    var row = RecordedRow(
      id: "synthetic#\(index)", group: "question \(index / 8)", question: "question \(index / 8)", source: "synthetic",
      row: index,
      letter: letter == 0 ? "A" : "B", prompt: "prompt \(index)", continuation: "", end: "stop",
      labelSource: .reference,
      promptTokens: 40 + index % 7, promptToken: 0, promptTokenText: "", continuationToken: 0)
    row.label = label
    return row
  }
}
