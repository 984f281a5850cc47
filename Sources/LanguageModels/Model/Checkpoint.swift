import Foundation
import Foundations
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

  /// The model, computing in `dtype` (by default the one the weights are stored in). Where dtype and device are kept
  /// the weights stay in the mapped file: nothing is copied. Int8 weights are rounded one by one, straight from the
  /// file, whose pages are given back as soon as they are read.
  public func model(
    dtype: DType? = nil, weights format: WeightFormat = .dense, device: Device = .cpu
  ) throws -> LanguageModel {
    let target = try dtype ?? storedDtype()
    guard target.isFloatingPoint else {
      throw TelltaleError(.badInput, "its weights are \(target.rawValue), which no model computes in", at: place)
    }
    var weights: [String: Tensor] = [:]
    var int8: [String: Int8Matrix] = [:]
    for name in try neededNames() {
      if format.rounds(name) {
        int8[name] = try rounded(name).moved(to: device)
      } else {
        weights[name] = try tensor(name).converted(to: target, device: device)
      }
    }
    if byteCount(weights) < Self.scannedAtLoad {
      try Self.refuseNonFinite(weights, file: { files[places[$0] ?? 0].url.path })
    }
    return try located { () throws(TelltaleError) in try LanguageModel(configuration, weights: weights, int8: int8) }
  }

  /// The dtype of the embedding, which is that of the whole checkpoint.
  public func storedDtype() throws -> DType {
    guard let index = places[Self.embeddingName] else { throw missing(Self.embeddingName) }
    return try files[index].dtype(of: Self.embeddingName)
  }

  private static let embeddingName = "model.embed_tokens.weight"

  /// Weights up to this size are checked for NaN when they are loaded; of larger ones the outputs are checked.
  private static let scannedAtLoad = 1 << 30

  private var place: InputLocation { InputLocation(file: directory.path) }

  func tensor(_ name: String) throws -> Tensor {
    guard let index = places[name] else { throw missing(name) }
    return try files[index].tensor(name)
  }

  private func rounded(_ name: String) throws -> Int8Matrix {
    guard let index = places[name] else { throw missing(name) }
    let weight = try tensor(name)
    guard weight.rank == 2 else {
      throw TelltaleError(
        .badInput, "has shape \(weight.shape) where a matrix is meant; it is of another model",
        at: InputLocation(file: files[index].url.path, item: name))
    }
    let matrix = try Int8Matrix(weight)
    guard try matrix.scales.isFinite().all() else { throw Self.nonFinite(name, file: files[index].url.path) }
    files[index].forgetPages(of: name)
    return matrix
  }

  private func missing(_ name: String) -> TelltaleError {
    TelltaleError(
      .badInput, "the checkpoint holds no tensor \"\(name)\"; it is incomplete or of another model", at: place)
  }

  /// The tensors of the language model; buffers and unused heads in the file are left alone.
  func neededNames() throws -> [String] {
    places.keys.filter { name in
      if name == "lm_head.weight" { return !configuration.tiedEmbeddings }
      return name.hasPrefix("model.") && !name.hasSuffix("rotary_emb.inv_freq")
    }
  }

  private func byteCount(_ weights: [String: Tensor]) -> Int {
    weights.values.reduce(0) { $0 + $1.count * $1.dtype.size }
  }

  static func refuseNonFinite(_ weights: [String: Tensor], file: (String) -> String) throws {
    for (name, weight) in weights.sorted(by: { $0.key < $1.key }) where try !weight.isFinite().all() {
      throw nonFinite(name, file: file(name))
    }
  }

  private static func nonFinite(_ name: String, file: String) -> TelltaleError {
    TelltaleError(
      .badInput, "holds NaN or infinite weights; the file is damaged, fetch it anew",
      at: InputLocation(file: file, item: name))
  }

  private func located<Value>(_ body: () throws(TelltaleError) -> Value) throws(TelltaleError) -> Value {
    do { return try body() } catch {
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
    let parsed: Index = try JSONFile.decode(index, remedy: "fetch the checkpoint anew")
    return try Set(parsed.weightMap.values).sorted().map { name throws(TelltaleError) in
      let place = InputLocation(file: index.path, item: String(name.prefix(80)))
      guard !name.contains("/"), !name.hasPrefix("."), name.hasSuffix(".safetensors") else {
        throw TelltaleError(.badInput, "names a shard that is no file beside it; fetch the checkpoint anew", at: place)
      }
      let url = index.deletingLastPathComponent().appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw TelltaleError(.badInput, "names a shard that is missing; fetch the rest of the checkpoint", at: place)
      }
      return url
    }
  }
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
    try Checkpoint.refuseNonFinite(weights, file: { _ in "the checkpoint" })
    throw TelltaleError(
      .failed, "the activations overflow \(dtype.rawValue); compute in float32 or bfloat16", remedy: .computeInFloat32)
  }
}
