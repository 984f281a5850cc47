import Foundation
import Foundations
import Tokenizers
import Torch

/// A language model in GGUF: configuration, weights and tokenizer in one file (or its parts).
public struct GGUFModel: Sendable {
  private let file: GGUFModelFile
  public let configuration: ModelConfiguration
  private let architecture: GGUFArchitecture
  private let heads: (query: Int, keyValue: Int)

  /// Opens the file and reads its header; the weights are mapped, not read.
  public init(_ url: URL) throws(TelltaleError) {
    file = try GGUFModelFile(url)
    let stated = try GGUFConfiguration(file)
    architecture = stated.architecture
    configuration = try ModelConfiguration(ConfigurationFile(try stated.object(), file: file.url.path))
    heads = try stated.heads()
  }

  /// The files, in order; one where the model is not split.
  public var files: [URL] { file.files.map(\.url) }

  /// The model, computing in `dtype`: by default that of the embedding where the file has floats, bfloat16 where it has
  /// blocks. Blocks are unpacked once, when the model is made, or stay as they are where `format` is `stored`.
  public func model(
    dtype: DType? = nil, weights format: WeightFormat = .dense, device: Devices = .cpu
  ) throws -> LanguageModel {
    let target = dtype ?? storedDtype
    if format == .dense, device.areCPU { try requireMemory(target) }
    // What is rounded to whole numbers is rounded from the blocks' own numbers, not from rounded ones.
    let unpacked = [.int8, .int4].contains(format) ? .float32 : target
    var model = try located {
      try loader(unpackingTo: unpacked).model(dtype: target, weights: format, device: device)
    }
    model.quantisation = quantisation
    return model
  }

  /// Unpacking a model that the machine has no memory for would end in its being killed.
  private func requireMemory(_ dtype: DType) throws(TelltaleError) {
    guard quantisation != nil else { return }
    let bytes = configuration.weights.reduce(0) { $0 + $1.shape.reduce(dtype.size, *) }
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard bytes > memory else { return }
    throw TelltaleError(
      .badInput,
      "has weights that take \(bytes >> 30) GiB as \(dtype.rawValue), and this machine has \(memory >> 30); "
        + "keep the file's blocks with --weights stored", at: InputLocation(file: file.url.path))
  }

  /// That of the embedding where it is stored as floats; bfloat16 for blocks.
  private var storedDtype: DType {
    file.entry("token_embd.weight").flatMap { GGMLType(rawValue: $0.type)?.dtype } ?? .bfloat16
  }

  private func loader(unpackingTo dtype: DType) throws(TelltaleError) -> ModelLoader {
    try ModelLoader(configuration, GGUFSource(file, architecture, heads: heads, dtype: dtype))
  }

  /// Whether every weight is there in the shape that the keys ask for.
  func check() throws { try located { _ = try loader(unpackingTo: .float32).places() } }

  public func tokenizer() throws(TelltaleError) -> Tokenizer {
    try Tokenizer.load(gguf: file.metadata, file: file.url.path)
  }

  /// The types that the matrices are stored in, most numbers first: "Q4_1, Q8_0"; nil where all are floats.
  public var quantisation: String? {
    var counts: [GGMLType: Int] = [:]
    for name in file.names {
      guard let entry = file.entry(name), entry.shape.count > 1, let type = GGMLType(rawValue: entry.type) else {
        continue
      }
      counts[type, default: 0] += entry.shape.reduce(1, *)
    }
    guard counts.keys.contains(where: { $0.dtype == nil }) else { return nil }
    let order = counts.sorted { ($0.value, $0.key.rawValue) > ($1.value, $1.key.rawValue) }
    return "GGUF " + order.map(\.key.name).joined(separator: ", ")
  }

  private func located<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as TelltaleError {
      throw TelltaleError(error.code, error.message, at: error.location ?? InputLocation(file: file.url.path))
    }
  }
}
