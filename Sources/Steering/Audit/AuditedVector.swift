import Foundation
import Foundations
import LanguageModels
import Torch

/// A vector to judge and what is known of how it was made. What is unknown is left out of the audit.
public struct AuditedVector: Sendable {
  public var vectors: SteeringVectors
  /// What null vectors of the same making are drawn from.
  public var origin: VectorOrigin?
  /// The direction that tells answer letters apart.
  public var letters: LetterDirection?
  /// A training recording, whose class-mean direction is a mark to measure by.
  public var training: AuditTarget?

  public init(
    _ vectors: SteeringVectors, origin: VectorOrigin? = nil, letters: LetterDirection? = nil,
    training: AuditTarget? = nil
  ) {
    (self.vectors, self.origin, self.letters, self.training) = (vectors, origin, letters, training)
  }
}

extension AuditedVector {
  /// The questions that the vector was made of, by name, id or text; `nil` where nothing is known of them.
  var madeOf: Set<String>? {
    switch origin {
    case .pairs(let pairs): pairs.groups.map { Set($0) }
    case .classes(let target): target.questionKeys
    case nil: nil
    }
  }
}

extension AuditedVector {
  /// The prompts that the vector was made of; `nil` where only questions are known.
  var prompts: Set<String>? {
    guard case .classes(let target) = origin else { return nil }
    return Set(target.rows.map(\.prompt))
  }
}

/// The rows a vector was made of.
public enum VectorOrigin: Sendable {
  /// The difference of every contrast pair: null vectors flip their signs.
  case pairs(PairDifferences)
  /// A recording whose class means were subtracted: null vectors exchange its labels.
  case classes(AuditTarget)

  func directions(draws: Int, seed: UInt64) throws -> NullDirections {
    switch self {
    case .pairs(let pairs):
      try .flippedPairs(pairs: pairs.differences.size(0), draws: draws, seed: seed)
    case .classes(let target):
      try .permutedLabels(target.labels, groups: target.groups, draws: draws, seed: seed)
    }
  }

  /// Float32 [m, hidden]; `nil` where the layer is not held.
  func basis(layer: Int) throws -> Tensor? {
    switch self {
    case .pairs(let pairs):
      try pairs.layers.firstIndex(of: layer).map { index in
        try pairs.differences.narrowed(1, index..<index + 1).reshaped([pairs.differences.size(0), -1])
      }
    case .classes(let target): target.layers.contains(layer) ? try target.stream(layer: layer) : nil
    }
  }
}

/// The difference of activations, positive minus negative, of every contrast pair.
public struct PairDifferences: Sendable {
  /// Float32 [pairs, layers, hidden].
  public let differences: Tensor
  public let layers: [Int]
  /// By pair, the distinct question; nil where it is not known.
  public let groups: [String]?

  public init(differences: Tensor, layers: [Int], groups: [String]? = nil) {
    (self.differences, self.layers, self.groups) = (differences, layers, groups)
  }
}

/// Files: safetensors with `differences`, the layers and the groups (a JSON list) as metadata.
extension PairDifferences {
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(url)
    let layers = (file.metadata["layers"] ?? "").split(separator: ",").compactMap { Int($0) }
    guard file.names == ["differences"] else { throw Self.damaged(url) }
    let differences = try file.tensor("differences")
    guard differences.rank == 3, differences.dtype == .float32, differences.size(0) > 0,
      differences.size(1) == layers.count
    else { throw Self.damaged(url) }
    let groups = try file.metadata["groups"].map { list in
      guard let names = try? JSONDecoder().decode([String].self, from: Data(list.utf8)),
        names.count == differences.size(0)
      else { throw Self.damaged(url) }
      return names
    }
    self.init(differences: differences, layers: layers, groups: groups)
  }

  public func write(to url: URL) throws {
    var metadata = ["layers": layers.map(String.init).joined(separator: ","), "shape": "[pairs, layers, hidden]"]
    if let groups { metadata["groups"] = String(decoding: try JSONEncoder().encode(groups), as: UTF8.self) }
    try SafetensorsFile.write(["differences": differences], metadata: metadata, to: url)
  }

  /// Where `telltale extract --keep-differences` puts those of a vector file: `<name>.differences.safetensors` in the same folder.
  public static func url(beside vectors: URL) -> URL {
    vectors.deletingPathExtension().appendingPathExtension("differences.safetensors")
  }

  private static func damaged(_ url: URL) -> TelltaleError {
    TelltaleError(
      .badInput, "is no file of pair differences; make them again, or remove it",
      at: InputLocation(file: url.path))
  }
}
