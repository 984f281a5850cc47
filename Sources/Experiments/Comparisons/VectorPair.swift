import Foundation
import Foundations
import Statistics
import Steering
import Torch

/// Two vectors at one layer: a row of the table `comparisons`.
package struct VectorPair: Codable, Sendable, Equatable {
  package var modelA: ModelName
  package var vectorA: VectorName
  /// Of a vector file, the model that it states; nil where it states none.
  package var modelB: String?
  package var vectorB: String
  package var layer: Int
  /// Questions that both vectors were made from; nil where those of either are not known.
  package var sharedQuestions: Int?
  /// The cosine with what chance gives and what noise leaves possible.
  package var evidence: SimilarityEvidence

  package static let table = Table<VectorPair>(
    "comparisons", "Two vectors at one layer, as `comparisons` of the experiment file asks.",
    [
      .text("model_a", "The model of the first vector.", \.modelA.text),
      .text("vector_a", "The first vector.", \.vectorA.text),
      .text("model_b", "The model of the second; of a vector file the one that it states.", \.modelB),
      .text("vector_b", "The second vector, or the vector file.", \.vectorB),
      .integer("layer", "The layer.", \.layer),
      .integer(
        "shared_questions", "Questions that both were made from, where those are known.", unit: "questions",
        \.sharedQuestions),
    ],
    .of(SimilarityEvidence.columns.filter { $0.name != "dimension" }, \.evidence))
}

/// A vector compared with others.
struct StoredComparison: Codable, Equatable {
  var pairs: [VectorPair]

  init(pairs: [VectorPair]) { self.pairs = pairs }

  /// Refuses a file that is no such result.
  init(contentsOf url: URL) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = RunDirectory.infinities.decoding
    guard let data = FileManager.default.contents(atPath: url.path),
      let stored = try? decoder.decode(StoredComparison.self, from: data),
      stored.pairs.allSatisfy({ $0.layer >= 0 && $0.evidence.cosine.isFinite && $0.evidence.dimension > 0 })
    else {
      throw TelltaleError(
        .badInput, "is no result of a comparison; remove it and continue the run",
        at: InputLocation(file: url.path))
    }
    self = stored
  }
}
