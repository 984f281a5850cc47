import Foundation
import Foundations
import LanguageModels
import Torch

/// Writes vectors as other tools read them.
public enum VectorExport {
  /// Writes `vectors` to `url`, aside and renamed; returns sentences on what the format could not carry.
  ///
  /// - Parameter modelHint: GGUF only: the model's architecture as llama.cpp names it, e.g. `llama`.
  /// - Throws: `TelltaleError.badInput` for a format that is not written, or nothing left to write.
  public static func write(
    _ vectors: SteeringVectors, to url: URL, format: VectorFormat, modelHint: String? = nil
  ) throws -> [String] {
    switch format {
    case .safetensors:
      try vectors.write(to: url)
      return []
    case .gguf: return try writeControlVector(vectors, url, modelHint)
    case .npy: return try writeArray(vectors, url)
    case .torch:
      throw TelltaleError(
        .badInput,
        "would be a pickle, which is not written; export .npy and load it with torch.from_numpy(numpy.load(...))",
        at: InputLocation(file: url.path))
    }
  }

  private static func writeControlVector(_ vectors: SteeringVectors, _ url: URL, _ hint: String?) throws -> [String] {
    let directions = vectors.layers.filter { $0.key > 0 }
    guard !directions.isEmpty else {
      throw TelltaleError(
        .badInput, "holds layer 0 only, and GGUF control vectors have no direction.0; export another layer",
        at: vectors.place)
    }
    let hint = hint ?? vectors.provenance.model ?? "unknown"
    try AtomicFile.write(ControlVectorFile.bytes(directions, modelHint: hint), to: url)
    return vectors.layers[0] == nil ? [] : ["layer 0 is left out: GGUF control vectors have no direction.0"]
  }

  /// One layer as [hidden]; all layers from 0 on as [layers, hidden].
  private static func writeArray(_ vectors: SteeringVectors, _ url: URL) throws -> [String] {
    let layers = vectors.sortedLayers
    if layers.count == 1, let only = layers.first {
      let row = try vectors.vector(only)
      try AtomicFile.write(NumpyFile.bytes(ForeignTensor(shape: [row.count], values: row)), to: url)
      return ["the array holds layer \(only) only, and does not say so"]
    }
    guard layers == Array(0..<layers.count), !layers.isEmpty else {
      throw TelltaleError(
        .badInput,
        "holds layers \(layers.map(String.init).joined(separator: ", ")), and the rows of an array stand for "
          + "layers 0, 1, 2 and so on without gaps; export one layer", at: vectors.place, remedy: .chooseLayers)
    }
    let values = layers.flatMap { vectors.layers[$0] ?? [] }
    let tensor = ForeignTensor(shape: [layers.count, vectors.hiddenSize], values: values)
    try AtomicFile.write(NumpyFile.bytes(tensor), to: url)
    return []
  }
}
