import Foundation
import Foundations
import Statistics
import Steering

/// Two vectors of one model at one layer: a row of the table `agreement`.
package struct VectorAgreement: Sendable {
  package var model: ModelName
  package var layer: Int
  package var vectorA: String
  package var vectorB: String
  /// The cosine with what chance gives and what noise leaves possible.
  package var evidence: SimilarityEvidence

  /// All pairs of the vectors that have a direction at the layer; none for fewer than two.
  static func rows(
    _ run: StoredRun, _ model: ModelName, _ vectors: [VectorName: SteeringVectors], layer: Int
  ) throws -> [VectorAgreement] {
    let compared: [ComparedVector] = try run.experiment.vectors.compactMap { settings in
      guard let own = vectors[settings.name], own.norm(layer) > 0 else { return nil }
      return try ComparedVector(
        name: settings.name.text, vectors: own, pairs: run.differences(model, settings.name))
    }
    guard compared.count > 1 else { return [] }
    var options = VectorComparison.Options()
    (options.layers, options.replicates, options.seed) = ([layer], 500, run.experiment.seed)
    return try SimilarityMatrix.all(compared, options: options).flatMap { matrix in
      matrix.evidence.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { pair, evidence in
        VectorAgreement(
          model: model, layer: matrix.layer, vectorA: matrix.names[pair[0]], vectorB: matrix.names[pair[1]],
          evidence: evidence)
      }
    }
  }

  package static let table = Table<VectorAgreement>(
    "agreement", "Two vectors of one model at the layer at which its vectors are compared.",
    [
      .text("model", "The model.", \.model.text),
      .integer("layer", "The layer.", \.layer),
      .text("vector_a", "The first vector.", \.vectorA),
      .text("vector_b", "The second.", \.vectorB),
    ],
    .of(SimilarityEvidence.columns.filter { $0.name != "dimension" }, \.evidence))
}
