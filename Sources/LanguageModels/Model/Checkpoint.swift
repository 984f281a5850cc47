import Foundation
import Foundations
import Torch

/// A checkpoint in Hugging Face layout: `config.json` and safetensors, single or sharded by an index.
public struct Checkpoint: Sendable {
  public let directory: URL
  public let configuration: ModelConfiguration
  /// The tensors, unpacked as they are read where the checkpoint is quantised.
  private let source: any WeightSource
  /// How the matrices are packed: "FP8 128x128"; nil where they are floats.
  public let quantisation: String?

  /// Opens the files and reads their headers; the weights themselves are mapped, not read.
  public init(directory: URL) throws {
    self.directory = directory
    let file = try ConfigurationFile(directory: directory)
    configuration = try ModelConfiguration(file)
    let stored = try SafetensorsSource(Self.files(directory))
    let format = try file.quantisation().map { settings throws(TelltaleError) in try PackedFormats.format(settings) }
    quantisation = format?.description
    source = format.map { QuantisedSource(stored, $0) } ?? stored
  }

  /// The model, computing in `dtype` (by default the one the weights are stored in): see `ModelLoader.model`.
  public func model(
    dtype: DType? = nil, weights format: WeightFormat = .dense, device: Devices = .cpu
  ) throws -> LanguageModel {
    var model = try located { try loader().model(dtype: dtype, weights: format, device: device) }
    model.quantisation = quantisation
    return model
  }

  /// The dtype of the embedding, which is that of the whole checkpoint.
  public func storedDtype() throws -> DType { try located { try loader().storedDtype() } }

  func loader() throws(TelltaleError) -> ModelLoader { try ModelLoader(configuration, self) }

  private var place: InputLocation { InputLocation(file: directory.path) }

  private func located<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as TelltaleError {
      throw TelltaleError(error.code, error.message, at: error.location ?? place)
    }
  }

  // MARK: Files

  private struct Index: Decodable { var weightMap: [String: String] }

  /// The files of weights: the shards that the index names, else the single file.
  static func files(_ directory: URL) throws(TelltaleError) -> [URL] {
    let single = directory.appendingPathComponent("model.safetensors")
    let index = directory.appendingPathComponent("model.safetensors.index.json")
    if FileManager.default.fileExists(atPath: index.path) { return try shards(index) }
    if FileManager.default.fileExists(atPath: single.path) { return [single] }
    throw TelltaleError(
      .badInput,
      "holds neither model.safetensors nor model.safetensors.index.json; give a checkpoint in safetensors format "
        + "(pickled .bin and .pt files are never executed)", at: InputLocation(file: directory.path))
  }

  private static func shards(_ index: URL) throws(TelltaleError) -> [URL] {
    let parsed: Index = try JSONFile.decode(index, remedy: "fetch the checkpoint again")
    return try Set(parsed.weightMap.values).sorted().map { name throws(TelltaleError) in
      let place = InputLocation(file: index.path, item: String(name.prefix(80)))
      guard !name.contains("/"), !name.hasPrefix("."), name.hasSuffix(".safetensors") else {
        throw TelltaleError(.badInput, "names a shard that is no file beside it; fetch the checkpoint again", at: place)
      }
      let url = index.deletingLastPathComponent().appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw TelltaleError(.badInput, "names a shard that is missing; fetch the rest of the checkpoint", at: place)
      }
      return url
    }
  }
}

extension Checkpoint: WeightSource {
  package var names: [String] { source.names }

  package func contains(_ name: String) -> Bool { source.contains(name) }

  package func shape(of name: String) throws -> [Int] { try source.shape(of: name) }

  package func dtype(of name: String) throws -> DType { try source.dtype(of: name) }

  package func tensor(_ name: String) throws -> Tensor { try source.tensor(name) }

  package func tensor(_ name: String, at index: Int) throws -> Tensor { try source.tensor(name, at: index) }

  package func forget(_ name: String) { source.forget(name) }

  package func file(of name: String) -> String { source.file(of: name) }
}

extension LanguageModel {
  /// Loads a checkpoint from its directory, or a model from its GGUF file.
  public static func load(
    _ directory: URL, dtype: DType? = nil, weights: WeightFormat = .dense, device: Devices = .cpu
  ) throws -> LanguageModel {
    if ModelLocator.isGGUF(directory) {
      return try GGUFModel(directory).model(dtype: dtype, weights: weights, device: device)
    }
    return try Checkpoint(directory: directory).model(dtype: dtype, weights: weights, device: device)
  }

  /// Says which weight is at fault where an output is not finite: the sentence a user needs instead of a NaN.
  func explainNonFinite() throws -> Never {
    for (name, weight) in weights.sorted(by: { $0.key < $1.key }) where try !weight.isFinite().all() {
      throw ModelLoader.nonFinite(name, file: "the checkpoint")
    }
    for (name, matrix) in packedWeights.sorted(by: { $0.key < $1.key })
    where try !matrix.unpacked().isFinite().all() {
      throw ModelLoader.nonFinite(name, file: "the checkpoint")
    }
    throw TelltaleError(
      .failed, "the activations overflow \(dtype.rawValue); compute in float32 or bfloat16", remedy: .computeInFloat32)
  }
}
