import Foundation
import Foundations
import Torch

/// Builds a model of a configuration from where its weights lie.
package struct ModelLoader {
  private let configuration: ModelConfiguration
  private let source: any WeightSource
  private let family: any ModelFamily.Type

  /// Weights up to this size are checked for NaN when they are loaded; of larger ones the outputs are checked.
  private static let scannedAtLoad = 1 << 30

  package init(_ configuration: ModelConfiguration, _ source: any WeightSource) throws(TelltaleError) {
    guard let family = ModelFamilies.named(configuration.family) else {
      throw TelltaleError(.badInput, "the family \"\(SafeText.quoted(configuration.family))\" is not known")
    }
    (self.configuration, self.source, self.family) = (configuration, source, family)
  }

  /// The model, computing in `dtype` (by default the one the weights are stored in). Where dtype and device are kept and a
  /// weight is a separate tensor, it stays where the source has it: nothing is copied. Weights of int8 and int4 are rounded
  /// one by one, and the source's memory is given back as soon as it is read.
  package func model(
    dtype: DType? = nil, weights format: WeightFormat = .dense, device devices: Devices = .cpu
  ) throws -> LanguageModel {
    let target = try dtype ?? storedDtype()
    guard target.isFloatingPoint else {
      throw TelltaleError(.badInput, "its weights are \(target.rawValue), which no model computes in")
    }
    var weights: [String: Tensor] = [:]
    var packed: [String: PackedMatrix] = [:]
    let placement = try LayerPlacement(configuration, target, format, on: devices)
    for (name, place) in try places() {
      let device = placement.device(of: name)
      if let matrix = try self.packed(format, name, place, device) {
        packed["\(name)"] = try matrix.moved(to: device)
      } else {
        weights["\(name)"] = try place.read(source).converted(to: target, device: device).contiguous()
      }
    }
    if weights.values.reduce(0, { $0 + $1.count * $1.dtype.size }) < Self.scannedAtLoad {
      for (name, place) in try places() {
        guard let weight = weights["\(name)"], try !weight.isFinite().all() else { continue }
        throw Self.nonFinite(place.name, file: source.file(of: place.name))
      }
    }
    return try LanguageModel(configuration, weights: weights, packed: packed, format)
  }

  /// The dtype of the embedding, which is that of the whole checkpoint.
  package func storedDtype() throws -> DType { try source.dtype(of: place(.embedding).name) }

  /// Every weight of the model and where it lies, whose shapes are what the configuration asks for.
  package func places() throws -> [(name: WeightName, place: WeightPlace)] {
    try configuration.weights.map { weight in
      let place = try place(weight.name)
      guard try place.shape(source) == weight.shape else {
        throw TelltaleError(
          .badInput,
          "the checkpoint's tensor \"\(place.name)\" has shape \(try source.shape(of: place.name)) where config.json asks "
            + "for \(Self.described(weight.shape, place)); the two files are of different models")
      }
      return (weight.name, place)
    }
  }

  private static func described(_ shape: [Int], _ place: WeightPlace) -> String {
    place.steps.isEmpty ? "\(shape)" : "a part of \(shape)"
  }

  /// Where a weight lies, under whichever prefix the file has it.
  func place(_ name: WeightName) throws(TelltaleError) -> WeightPlace {
    var place = standardPlace(name)
    if source.contains(place.name) { return place }
    let standard = family.prefixes.first ?? ""
    for prefix in family.prefixes.dropFirst() {
      let other = place.name.hasPrefix(standard) ? prefix + place.name.dropFirst(standard.count) : prefix + place.name
      if source.contains(other) {
        place.name = other
        return place
      }
    }
    throw WeightTable.missing(place.name)
  }

  /// Where the family's publisher puts a weight.
  func standardPlace(_ name: WeightName) -> WeightPlace { family.place(name, configuration) }

  /// A weight that does not become dense: rounded, or the source's own blocks where products unpack them.
  private func packed(
    _ format: WeightFormat, _ name: WeightName, _ place: WeightPlace, _ device: Device
  ) throws -> PackedMatrix? {
    if format == .stored {
      guard device == .cpu, name.isProjection || name == .embedding else { return nil }
      return try place.blocks(source).map(PackedMatrix.blocks)
    }
    let named = NamedShape(name: name, shape: try place.shape(source) ?? [])
    let matrix = try PackedMatrix(format, named) { try place.read(source).contiguous() }
    guard try matrix?.isFinite() ?? true else { throw Self.nonFinite(place.name, file: source.file(of: place.name)) }
    if matrix != nil, place.steps.isEmpty { source.forget(place.name) }
    return matrix
  }

  static func nonFinite(_ name: String, file: String) -> TelltaleError {
    TelltaleError(
      .badInput, "holds NaN or infinite weights; the file is damaged, fetch it again",
      at: InputLocation(file: file, item: name))
  }
}
