import Foundation
import Foundations
import Statistics
import Steering
import Torch

/// Two vectors at one layer: a row of the table `comparisons`.
public struct VectorPair: Codable, Sendable, Equatable {
  public var modelA: ModelName
  public var vectorA: VectorName
  /// Of a vector file, the model that it states; nil where it states none.
  public var modelB: String?
  public var vectorB: String
  public var layer: Int
  /// Questions that both vectors were made from; nil where those of either are not known.
  public var sharedQuestions: Int?
  /// The cosine with what chance gives and what noise leaves possible.
  public var evidence: SimilarityEvidence

  static func csv(_ rows: [VectorPair]) -> String {
    CSVWriter.text(
      header: ["model_a", "vector_a", "model_b", "vector_b", "layer", "shared_questions"] + SimilarityEvidence.columns,
      rows: rows.map { row in
        [
          row.modelA.text, row.vectorA.text, row.modelB ?? "", row.vectorB, "\(row.layer)",
          row.sharedQuestions.map(String.init) ?? "",
        ] + row.evidence.fields
      })
  }
}

extension SimilarityEvidence {
  /// The columns of a table of cosines.
  static let columns = [
    "cosine", "cosine_low", "cosine_high", "reliability_a", "reliability_b", "ceiling", "disattenuated",
    "disattenuated_low", "disattenuated_high", "p_dimension", "effective_dimension", "p_effective", "verdict",
  ]

  /// Their fields; empty where a number is not known.
  var fields: [String] {
    let (interval, clean) = (cosineInterval, disattenuatedInterval)
    return [
      cosine, interval?.low, interval?.high, reliabilityA, reliabilityB, ceiling, disattenuated, clean?.low,
      clean?.high,
      pDimension, effectiveDimension, pEffective,
    ].map { $0.map { "\($0)" } ?? "" } + [verdict.rawValue]
  }
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
