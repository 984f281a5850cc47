import Foundation
import Foundations
import Torch

/// Vector files: safetensors with `layer.<i>` float32 [hidden], optionally `mean.<i>`, and provenance as metadata.
extension SteeringVectors {
  static let layerConvention = "residual stream after decoder block i, counted from 0"

  /// Reads a vector file. One that holds only `layer.<i>` tensors is accepted: its provenance is empty.
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(url)
    let layers = try Self.family("layer.", in: file)
    guard !layers.isEmpty else {
      throw TelltaleError(
        .badInput, "holds no tensors named layer.<number>; it is no vector file; import other tools' files first",
        at: InputLocation(file: url.path), remedy: .importVector)
    }
    let width = layers.values.first?.count ?? 0
    let means = try Self.family("mean.", in: file)
    try Self.check(layers, "layer.", width: width, file: url)
    try Self.check(means, "mean.", width: width, file: url)
    self.init(layers: layers, means: means, provenance: VectorProvenance(file.metadata, file: url.path))
  }

  private static func check(
    _ family: [Int: [Float]], _ prefix: String, width: Int, file: URL
  ) throws(TelltaleError) {
    for (layer, vector) in family.sorted(by: { $0.key < $1.key }) {
      let place = InputLocation(file: file.path, item: "\(prefix)\(layer)")
      guard vector.count == width else {
        throw TelltaleError(.badInput, "has another width than the other layers; the file is damaged", at: place)
      }
      guard vector.allSatisfy(\.isFinite) else {
        throw TelltaleError(.badInput, "holds NaN or infinite numbers; extract the vector again", at: place)
      }
    }
  }

  /// The one-dimensional float tensors whose name is `prefix` and a layer number.
  private static func family(_ prefix: String, in file: SafetensorsFile) throws -> [Int: [Float]] {
    var found: [Int: [Float]] = [:]
    for name in file.names where name.hasPrefix(prefix) {
      let place = InputLocation(file: file.url.path, item: name)
      guard let layer = Int(name.dropFirst(prefix.count)), (0..<4096).contains(layer), name == "\(prefix)\(layer)"
      else {
        throw TelltaleError(.badInput, "is not named after a layer number; the file is no vector file", at: place)
      }
      let tensor = try file.tensor(name)
      guard tensor.rank == 1, tensor.count > 0, tensor.dtype.isFloatingPoint else {
        throw TelltaleError(
          .badInput, "has shape \(tensor.shape) and type \(tensor.dtype.rawValue) where one row of floats is meant",
          at: place)
      }
      found[layer] = try tensor.floats()
    }
    return found
  }

  /// Writes the file aside and renames it.
  public func write(to url: URL) throws {
    var tensors: [String: Tensor] = [:]
    for (layer, vector) in layers { tensors["layer.\(layer)"] = try Tensor(vector) }
    for (layer, mean) in means { tensors["mean.\(layer)"] = try Tensor(mean) }
    var metadata = provenance.metadata
    metadata["norms"] = Self.list(Dictionary(uniqueKeysWithValues: sortedLayers.map { ($0, norm($0)) }))
    try SafetensorsFile.write(tensors, metadata: metadata, to: url)
  }

  /// "0:1.25 1:3.5": numbers by layer.
  static func list(_ numbers: [Int: Double]) -> String {
    numbers.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
  }

  static func numbers(_ list: String) -> [Int: Double] {
    var numbers: [Int: Double] = [:]
    for part in list.split(separator: " ") {
      let halves = part.split(separator: ":")
      if halves.count == 2, let layer = Int(halves[0]), let number = Double(halves[1]) { numbers[layer] = number }
    }
    return numbers
  }
}
