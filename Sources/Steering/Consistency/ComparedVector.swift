import Foundation
import LanguageModels
import Torch

/// A vector file to compare, with what is known of the pairs it was made of.
public struct ComparedVector: Sendable {
  /// As the file is called, without its ending.
  public let name: String
  public let vectors: SteeringVectors
  /// Those the vector is the mean of: nil where there are none or they are of another vector.
  public let pairs: PairDifferences?
  /// What the reader should know of the differences.
  public let notes: [String]

  public init(name: String, vectors: SteeringVectors, pairs: PairDifferences? = nil) throws {
    (self.name, self.vectors) = (name, vectors)
    guard let pairs else {
      (self.pairs, notes) = (nil, [])
      return
    }
    let complaint = try Self.complaint(pairs, vectors)
    self.pairs = complaint == nil ? pairs : nil
    notes = complaint.map { ["the differences of \(name) are not used: \($0)"] } ?? []
  }

  /// The vector file, and the differences next to it where `telltale extract --keep-differences` left some.
  public init(contentsOf url: URL) throws {
    let beside = PairDifferences.url(beside: url)
    let isThere = FileManager.default.fileExists(atPath: beside.path)
    try self.init(
      name: url.deletingPathExtension().lastPathComponent, vectors: SteeringVectors(contentsOf: url),
      pairs: isThere ? PairDifferences(contentsOf: beside) : nil)
  }

  /// Why the differences are not those that the vector is the mean of; nil where they are.
  private static func complaint(_ pairs: PairDifferences, _ vectors: SteeringVectors) throws -> String? {
    let count = pairs.differences.size(0)
    if let stated = vectors.provenance.pairs, stated != count {
      return "they are of \(count) pairs and the vector of \(stated)"
    }
    guard pairs.differences.size(2) == vectors.hiddenSize else { return "they have another width" }
    for layer in vectors.sortedLayers {
      guard let rows = try pairs.rows(layer: layer), let vector = vectors.layers[layer] else { continue }
      let mean = try rows.mean(0)
      let own = try Tensor(vector).converted(to: .float64)
      let distance = try (mean - own).norm().scalar()
      guard distance <= 1e-3 * max(vectors.norm(layer), 1e-30) else {
        return "their mean at layer \(layer) is not the vector"
      }
    }
    return nil
  }

  /// The distinct questions of its pairs; empty where they are not known.
  public var groups: Set<String> { Set(pairs?.groups ?? []) }
}

extension PairDifferences {
  /// Float64 [pairs, hidden] of a layer; nil where it is not held.
  func rows(layer: Int) throws -> Tensor? {
    try layers.firstIndex(of: layer).map { index in
      try differences.narrowed(1, index..<index + 1).reshaped([differences.size(0), -1]).converted(to: .float64)
    }
  }
}
