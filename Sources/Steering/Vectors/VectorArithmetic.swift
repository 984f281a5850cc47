import Foundation
import Foundations
import LanguageModels
import Torch

/// What can be made of vectors by vectors, layer by layer.
public enum VectorOperation: String, Sendable, CaseIterable {
  /// The sum of all.
  case add
  /// The first minus the others.
  case subtract
  /// The sum of all by their number.
  case average
  /// The first without its part in the span of the others.
  case orthogonalise
}

/// Arithmetic on vector files: the result holds the layers that all of them hold, and states what it was made of.
public struct VectorArithmetic: Sendable {
  public var operation: VectorOperation
  /// Whether every vector counts with length 1, layer by layer, instead of as it is stored.
  public var unit = false
  /// The result is multiplied by it.
  public var scale = 1.0

  /// What is left of a vector below this share of its length is rounding.
  static let rounding = 1e-6

  public init(_ operation: VectorOperation) { self.operation = operation }

  /// Throws `badInput` for vectors of different widths or models, without a common layer, or whose result is zero.
  public func combine(_ vectors: [SteeringVectors]) throws -> SteeringVectors {
    guard let first = vectors.first, vectors.count > 1 || operation == .add || operation == .average else {
      throw TelltaleError(.badInput, "\(operation.rawValue) needs at least two vector files")
    }
    guard scale.isFinite, scale != 0 else {
      throw TelltaleError(.badInput, "a scale of \(scale) leaves no vector; give another number")
    }
    try Self.check(vectors)
    let layers = try Self.commonLayers(vectors)
    var result = SteeringVectors(layers: [:], provenance: Self.provenance(vectors, layers))
    result.provenance.combined = description(vectors)
    for layer in layers {
      let rows = try vectors.map { try unit ? $0.unit(layer) : $0.vector(layer) }.map { $0.map(Double.init) }
      let combined = try combine(rows)
      try Self.refuseZero(combined, of: rows, layer)
      result.layers[layer] = combined.map { Float($0 * scale) }
      if let mean = first.means[layer], vectors.allSatisfy({ $0.means[layer] == mean }) { result.means[layer] = mean }
    }
    return result
  }

  /// [hidden] of rows [vectors][hidden].
  private func combine(_ rows: [[Double]]) throws -> [Double] {
    func sum(_ rows: some Collection<[Double]>) -> [Double] {
      rows.reduce(Array(repeating: 0, count: rows.first?.count ?? 0)) { zip($0, $1).map(+) }
    }
    switch operation {
    case .add: return sum(rows)
    case .subtract: return zip(rows[0], sum(rows.dropFirst())).map(-)
    case .average: return sum(rows).map { $0 / Double(rows.count) }
    case .orthogonalise: return try Self.orthogonal(rows[0], to: Array(rows.dropFirst()))
    }
  }

  /// A vector without its part in the span of others: v - Q Q^T v, Q an orthonormal basis of them.
  static func orthogonal(_ vector: [Double], to others: [[Double]]) throws -> [Double] {
    var rest = vector
    for axis in basis(others) {
      // Twice, as one pass leaves what rounding made of it.
      for _ in 0..<2 { rest = without(rest, axis) }
    }
    return rest
  }

  /// Orthonormal vectors that span the same (Gram and Schmidt, each twice); what depends on earlier ones is left out.
  private static func basis(_ vectors: [[Double]]) -> [[Double]] {
    var basis: [[Double]] = []
    for vector in vectors {
      let length = norm(vector)
      var rest = vector
      for _ in 0..<2 { for axis in basis { rest = without(rest, axis) } }
      let left = norm(rest)
      if left > rounding * length { basis.append(rest.map { $0 / left }) }
    }
    return basis
  }

  private static func without(_ vector: [Double], _ axis: [Double]) -> [Double] {
    let along = zip(vector, axis).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(vector, axis).map { $0 - along * $1 }
  }

  static func norm(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  private static func refuseZero(_ result: [Double], of rows: [[Double]], _ layer: Int) throws(TelltaleError) {
    let largest = rows.map(norm).max() ?? 0
    guard norm(result) > rounding * largest else {
      throw TelltaleError(
        .badInput, "nothing is left at layer \(layer): the vectors cancel or depend on one another; combine others")
    }
  }

  // MARK: What belongs together

  private static func check(_ vectors: [SteeringVectors]) throws(TelltaleError) {
    let first = vectors[0]
    for other in vectors.dropFirst() {
      guard other.hiddenSize == first.hiddenSize else {
        throw TelltaleError(
          .badInput,
          "holds vectors of width \(other.hiddenSize) where \(first.provenance.file ?? "the first file") has "
            + "\(first.hiddenSize); combine vectors of one model", at: other.place)
      }
      if let a = first.provenance.modelFingerprint, let b = other.provenance.modelFingerprint, a != b {
        throw TelltaleError(
          .badInput,
          "was made from another model (\(other.provenance.model ?? "unnamed")) than "
            + "\(first.provenance.file ?? "the first file"); combine vectors of one model", at: other.place)
      }
    }
  }

  private static func commonLayers(_ vectors: [SteeringVectors]) throws(TelltaleError) -> [Int] {
    let layers = vectors[0].sortedLayers.filter { layer in vectors.allSatisfy { $0.layers[layer] != nil } }
    guard !layers.isEmpty else {
      throw TelltaleError(.badInput, "the vector files have no layer in common; combine files that share one")
    }
    return layers
  }

  /// What all inputs agree on; counts of pairs and reliabilities are of the inputs and do not carry over.
  private static func provenance(_ vectors: [SteeringVectors], _ layers: [Int]) -> VectorProvenance {
    let all = vectors.map(\.provenance)
    func shared<Value: Equatable>(_ path: KeyPath<VectorProvenance, Value?>) -> Value? {
      all.allSatisfy { $0[keyPath: path] == all[0][keyPath: path] } ? all[0][keyPath: path] : nil
    }
    var result = VectorProvenance()
    let paths: [WritableKeyPath<VectorProvenance, String?>] = [
      \.contrast, \.estimator, \.read, \.model, \.tokenizerHash, \.template, \.promptStyle, \.dtype,
    ]
    for path in paths { result[keyPath: path] = shared(path) }
    result.winsorised = shared(\.winsorised)
    result.modelFingerprint = all.compactMap(\.modelFingerprint).first
    let hashes = all.compactMap(\.dataHash)
    result.dataHash = hashes.count == all.count ? hashes.joined(separator: " ") : nil
    result.data = Set(all.compactMap(\.data)).sorted().joined(separator: " ")
    for layer in layers {
      let norms = all.compactMap { $0.residualNorms[layer] }
      if norms.count == all.count { result.residualNorms[layer] = norms.reduce(0, +) / Double(norms.count) }
    }
    return result
  }

  /// "subtract a.safetensors (mean over answers of political.jsonl), b.safetensors (...), each of length 1, times 2".
  private func description(_ vectors: [SteeringVectors]) -> String {
    let inputs = vectors.map { vector in
      let origin = vector.provenance
      let name = origin.file.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "unnamed"
      let way = [origin.estimator, origin.contrast].compactMap { $0 }.joined(separator: " over ")
      let made = [origin.combined ?? (way.isEmpty ? nil : way), origin.data].compactMap { $0 }.joined(separator: " of ")
      return made.isEmpty ? name : "\(name) (\(made))"
    }
    let lengths = unit ? ", each of length 1" : ""
    return "\(operation.rawValue) \(inputs.joined(separator: ", "))\(lengths)" + (scale == 1 ? "" : ", times \(scale)")
  }
}

extension SteeringVectors {
  /// The vectors without their part along a direction [hidden]: v - (v.r) r, r the unit vector.
  ///
  /// - Parameter name: of the direction, for the provenance.
  public func projectingOut(_ direction: [Float], named name: String) throws -> SteeringVectors {
    guard direction.count == hiddenSize else {
      throw TelltaleError(
        .badInput, "holds vectors of width \(hiddenSize) and the direction has \(direction.count); use one model's",
        at: place)
    }
    var result = self
    for layer in sortedLayers {
      let own = try vector(layer).map(Double.init)
      let rest = try VectorArithmetic.orthogonal(own, to: [direction.map(Double.init)])
      guard VectorArithmetic.norm(rest) > VectorArithmetic.rounding * VectorArithmetic.norm(own) else {
        throw TelltaleError(.badInput, "nothing is left at layer \(layer) without \(name); use another vector")
      }
      result.layers[layer] = rest.map(Float.init)
    }
    // What is stated of the class means and the reliability holds for the vector as it was.
    result.provenance.positiveShare = nil
    result.provenance.reliability = [:]
    result.provenance.heldOut = [:]
    result.provenance.combined = [provenance.combined, "\(name) projected out"].compactMap { $0 }.joined(
      separator: "; ")
    return result
  }
}
