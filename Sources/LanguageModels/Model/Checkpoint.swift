import Foundation
import Foundations
import Torch

/// A checkpoint in Hugging Face layout: `config.json` and safetensors, single or sharded by an index.
public struct Checkpoint: Sendable {
  public let directory: URL
  public private(set) var configuration: ModelConfiguration
  /// The tensors, unpacked as they are read where the checkpoint is quantised.
  private let source: any WeightSource
  /// How the matrices are packed: "FP8 128x128"; nil where they are floats.
  public let quantisation: String?

  /// Opens the files and reads their headers; the weights themselves are mapped, not read.
  public init(directory: URL) throws {
    self.directory = directory
    let file = try ConfigurationFile(directory: directory)
    configuration = try ModelConfiguration(file)
    let files = try WeightFiles(directory)
    let stored = try SafetensorsSource(files.urls, homes: files.homes)
    let format = try file.quantisation().map { settings throws(TelltaleError) in try PackedFormats.format(settings) }
    quantisation = format?.description
    source = format.map { QuantisedSource(stored, $0) } ?? stored
    configuration.warnings += files.warnings + files.contradictions(stored.holders)
    if let head = try located({ try otherHead() }) { configuration.warnings.append(head) }
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

  /// The head of a model that states to have none but its embedding, where the files hold another one all the same.
  private func otherHead() throws -> String? {
    let loader = try loader()
    guard configuration.tiedEmbeddings, let head = try? loader.place(.head), head.steps.isEmpty,
      source.contains(head.name)
    else { return nil }
    let embedding = try loader.place(.embedding).read(source)
    let own = try source.tensor(head.name)
    if own.shape == embedding.shape, own.dtype == embedding.dtype, try own.equal(embedding).all() { return nil }
    return
      "\(source.file(of: head.name)): \"\(SafeText.quoted(head.name))\" differs from the embedding and is not used, because "
      + "config.json ties the two (tie_word_embeddings); set it to false if the model has a separate head"
  }

  /// The files of weights: the single file, or the shards that the index names.
  static func files(_ directory: URL) throws(TelltaleError) -> [URL] { try WeightFiles(directory).urls }
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

extension ModelConfiguration {
  /// What a checkpoint's directory or a GGUF file states of its model; no weight is read.
  public init(ofModelAt place: URL) throws(TelltaleError) {
    self = try ModelLocator.isGGUF(place) ? GGUFModel(place).configuration : ModelConfiguration(directory: place)
  }
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
