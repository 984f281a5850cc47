import Foundations
import Statistics
import Torch

/// All pairs of several vectors at one layer, ordered so that what is alike stands together.
public struct SimilarityMatrix: Sendable {
  public let layer: Int
  public let names: [String]
  /// By vector and vector, in the order given; the diagonal is 1.
  public let cosines: [[Double]]
  /// Of every pair (i < j).
  public let evidence: [[Int]: SimilarityEvidence]
  /// Average linkage of 1 - cosine.
  public let clustering: AverageLinkage

  /// The vectors in the clustering's order.
  public var order: [Int] { clustering.order }

  /// - Parameter comparisons: of every pair (i < j) of the vectors, keyed [i, j].
  init(layer: Int, names: [String], comparisons: [[Int]: VectorComparison]) throws {
    let evidence = comparisons.compactMapValues { comparison in
      comparison.layers.first { $0.layer == layer }?.evidence
    }
    let cosines = names.indices.map { i in
      names.indices.map { j in i == j ? 1 : evidence[[min(i, j), max(i, j)]]?.cosine ?? .nan }
    }
    guard let clustering = AverageLinkage(distances: cosines.map { $0.map { 1 - $0 } }) else {
      throw TelltaleError(
        .badInput, "not every vector has layer \(layer); choose layers that all have", remedy: .chooseLayers)
    }
    (self.layer, self.names, self.cosines) = (layer, names, cosines)
    (self.evidence, self.clustering) = (evidence, clustering)
  }

  /// One matrix for every layer that all vectors have, or for those named.
  public static func all(_ vectors: [ComparedVector], options: VectorComparison.Options) throws -> [SimilarityMatrix] {
    var options = options
    options.layers = options.layers ?? shared(vectors)
    guard options.layers?.isEmpty == false else {
      throw TelltaleError(.badInput, "the vectors have no layer in common; extract them at the same layers")
    }
    var comparisons: [[Int]: VectorComparison] = [:]
    for i in vectors.indices {
      for j in (i + 1)..<max(i + 1, vectors.count) {
        comparisons[[i, j]] = try VectorComparison(vectors[i], vectors[j], options: options)
      }
    }
    return try (options.layers ?? []).map {
      try SimilarityMatrix(layer: $0, names: vectors.map(\.name), comparisons: comparisons)
    }
  }

  private static func shared(_ vectors: [ComparedVector]) -> [Int] {
    (vectors.first?.vectors.sortedLayers ?? []).filter { layer in
      vectors.allSatisfy { $0.vectors.layers[layer] != nil }
    }
  }
}
