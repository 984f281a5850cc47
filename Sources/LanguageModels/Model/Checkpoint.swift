import Foundation
import Torch

/// A checkpoint in Hugging Face layout: `config.json` and safetensors, single or sharded by an index.
public struct Checkpoint: Sendable {
  public let directory: URL
  public let configuration: ModelConfiguration
  private let files: [SafetensorsFile]
  /// Which file holds each tensor.
  private let places: [String: Int]

  /// Opens the files and reads their headers; the weights themselves are mapped, not read.
  public init(directory: URL) throws {
    self.directory = directory
    configuration = try ModelConfiguration(directory: directory)
    files = try Self.files(directory).map { try SafetensorsFile($0) }
    var places: [String: Int] = [:]
    for (index, file) in files.enumerated() { for name in file.names { places[name] = index } }
    self.places = places
  }

  /// The model, computing in `dtype` (by default the one the weights are stored in): see `ModelLoader.model`.
  public func model(
    dtype: DType? = nil, weights format: WeightFormat = .dense, device: Device = .cpu
  ) throws -> LanguageModel {
    try located { try loader().model(dtype: dtype, weights: format, device: device) }
  }

  /// The dtype of the embedding, which is that of the whole checkpoint.
  public func storedDtype() throws -> DType { try located { try loader().storedDtype() } }

  func loader() throws(ModelError) -> ModelLoader { try ModelLoader(configuration, self) }

  private var place: InputLocation { InputLocation(file: directory.path) }

  private func index(of name: String) throws(ModelError) -> Int {
    guard let index = places[name] else { throw WeightTable.missing(name) }
    return index
  }

  private func located<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as ModelError {
      throw ModelError(error.code, error.message, at: error.location ?? place)
    }
  }

  // MARK: Files

  private struct Index: Decodable { var weightMap: [String: String] }

  /// The files of weights: the shards that the index names, else the single file.
  static func files(_ directory: URL) throws(ModelError) -> [URL] {
    let single = directory.appendingPathComponent("model.safetensors")
    let index = directory.appendingPathComponent("model.safetensors.index.json")
    if FileManager.default.fileExists(atPath: index.path) { return try shards(index) }
    if FileManager.default.fileExists(atPath: single.path) { return [single] }
    throw ModelError(
      .badInput,
      "holds neither model.safetensors nor model.safetensors.index.json; give a checkpoint in safetensors format "
        + "(pickled .bin and .pt files are never executed)", at: InputLocation(file: directory.path))
  }

  private static func shards(_ index: URL) throws(ModelError) -> [URL] {
    let parsed: Index = try JSONFile.decode(index, remedy: "fetch the checkpoint anew")
    return try Set(parsed.weightMap.values).sorted().map { name throws(ModelError) in
      let place = InputLocation(file: index.path, item: String(name.prefix(80)))
      guard !name.contains("/"), !name.hasPrefix("."), name.hasSuffix(".safetensors") else {
        throw ModelError(.badInput, "names a shard that is no file beside it; fetch the checkpoint anew", at: place)
      }
      let url = index.deletingLastPathComponent().appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw ModelError(.badInput, "names a shard that is missing; fetch the rest of the checkpoint", at: place)
      }
      return url
    }
  }
}

extension Checkpoint: WeightSource {
  package var names: [String] { places.keys.sorted() }

  package func contains(_ name: String) -> Bool { places[name] != nil }

  package func shape(of name: String) throws -> [Int] { try files[index(of: name)].shape(of: name) }

  package func dtype(of name: String) throws -> DType { try files[index(of: name)].dtype(of: name) }

  package func tensor(_ name: String) throws -> Tensor { try files[index(of: name)].tensor(name) }

  package func forget(_ name: String) { places[name].map { files[$0].forgetPages(of: name) } }

  package func file(of name: String) -> String { places[name].map { files[$0].url.path } ?? directory.path }
}

extension LanguageModel {
  /// Loads a checkpoint from its directory.
  public static func load(
    _ directory: URL, dtype: DType? = nil, weights: WeightFormat = .dense, device: Device = .cpu
  ) throws -> LanguageModel {
    try Checkpoint(directory: directory).model(dtype: dtype, weights: weights, device: device)
  }

  /// Says which weight is at fault where an output is not finite: the sentence a user needs instead of a NaN.
  func explainNonFinite() throws -> Never {
    for (name, weight) in weights.sorted(by: { $0.key < $1.key }) where try !weight.isFinite().all() {
      throw ModelLoader.nonFinite(name, file: "the checkpoint")
    }
    throw ModelError(
      .failed, "the activations overflow \(dtype.rawValue); compute in float32 or bfloat16 (--dtype float32)")
  }
}
