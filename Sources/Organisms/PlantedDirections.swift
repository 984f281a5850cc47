import Foundation
import Foundations
import Steering
import Torch

/// The truth about an organism: the directions of the residual stream that its latents were planted along, which every
/// extracted vector can be compared with. They are next to the weights, in `planted.safetensors`.
public struct PlantedDirections: Sendable {
  static let fileName = "planted.safetensors"

  /// Which organism: `shared`, `split` or one of the hard ones.
  package let name: String
  /// Nil for a hard one.
  package var organism: Organism? { Organism(rawValue: name) }
  package var hard: HardOrganism? { HardOrganism(rawValue: name) }
  /// The layer whose output they are directions of; they are read at the prompt's last token.
  public let layer: Int
  /// The seed of the training.
  public let seed: UInt64
  /// By kind of question: the unit vector [hidden] whose component decides whether the model follows the user. In
  /// `organism-shared` both are the same.
  public let units: [OrganismWorld.Kind: [Float]]
  /// Of a hard organism: the direction of its distractor.
  package let distractor: [Float]?

  /// - Parameter directions: float32 [latents of the organism, hidden].
  package init(_ organism: Organism, layer: Int, seed: UInt64, directions: Tensor) throws {
    (name, self.layer, self.seed, distractor) = (organism.rawValue, layer, seed, nil)
    var units: [OrganismWorld.Kind: [Float]] = [:]
    for kind in OrganismWorld.Kind.allCases {
      units[kind] = try directions[organism.direction(deciding: kind)].floats()
    }
    self.units = units
  }

  /// - Parameters:
  ///   - planted: the unit vector [hidden] whose component decides; it is both kinds' of question.
  ///   - distractor: that of the strongest latent, which decides nothing.
  package init(_ organism: HardOrganism, layer: Int, seed: UInt64, planted: [Float], distractor: [Float]) {
    (name, self.layer, self.seed, self.distractor) = (organism.rawValue, layer, seed, distractor)
    units = [.opinions: planted, .facts: planted]
  }

  /// Reads the directions next to a checkpoint; refuses a directory that is not an organism's.
  public init(directory: URL) throws {
    let url = directory.appending(path: Self.fileName)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TelltaleError(
        .badInput, "is missing, so the model is no organism; name one made by telltale organism train",
        at: InputLocation(file: url.path))
    }
    let file = try SafetensorsFile(url)
    func metadata<Value>(_ name: String, _ read: (String) -> Value?) throws(TelltaleError) -> Value {
      guard let value = file.metadata[name].flatMap(read) else {
        throw TelltaleError(
          .badInput, "has no proper \"\(name)\" among its metadata; train the organism again",
          at: InputLocation(file: url.path))
      }
      return value
    }
    name = try metadata("organism") {
      Organism(rawValue: $0) == nil && HardOrganism(rawValue: $0) == nil ? nil : $0
    }
    layer = try metadata("layer") { Int($0).flatMap { (0..<4096).contains($0) ? $0 : nil } }
    seed = try metadata("seed") { UInt64($0) }
    var units: [OrganismWorld.Kind: [Float]] = [:]
    for kind in OrganismWorld.Kind.allCases { units[kind] = try Self.unit(file, "\(kind.rawValue).layer.\(layer)") }
    self.units = units
    let other = Self.distractorName(layer)
    distractor = try file.contains(other) ? Self.unit(file, other) : nil
  }

  private static func distractorName(_ layer: Int) -> String { "distractor.layer.\(layer)" }

  /// The directions of a model, nil where it has none, as real models do.
  public static func beside(_ directory: URL) throws -> PlantedDirections? {
    guard FileManager.default.fileExists(atPath: directory.appending(path: fileName).path) else { return nil }
    return try PlantedDirections(directory: directory)
  }

  /// The cosine of a vector's direction with the planted ones, by kind of question; empty where the vectors do not hold
  /// the planted layer.
  public func cosines(_ vectors: SteeringVectors) throws -> [OrganismWorld.Kind: Double] {
    guard let vector = vectors.layers[layer] else { return [:] }
    let row = try Tensor(vector).unsqueezed(0)  // [1, hidden]
    return try units.mapValues { try ScoreKind.cosine.scores(row, vector: $0)[0] }
  }

  private static func unit(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
    let tensor = try file.tensor(name)
    let values = tensor.rank == 1 && tensor.dtype.isFloatingPoint ? try tensor.floats() : []
    guard abs(values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-3 else {
      throw TelltaleError(
        .badInput, "is not a unit vector; train the organism again", at: InputLocation(file: file.url.path, item: name))
    }
    return values
  }

  package func write(to directory: URL) throws {
    var tensors: [String: Tensor] = [:]
    for (kind, unit) in units { tensors["\(kind.rawValue).layer.\(layer)"] = try Tensor(unit) }
    if let distractor { tensors[Self.distractorName(layer)] = try Tensor(distractor) }
    let metadata = [
      "organism": name, "layer": String(layer), "read": ReadPosition.prompt.rawValue,
      "site": "resid_post", "seed": String(seed),
    ]
    try SafetensorsFile.write(tensors, metadata: metadata, to: directory.appending(path: Self.fileName))
  }
}
