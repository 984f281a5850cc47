import Foundation
import Foundations
import Torch

/// A LoRA adapter: for every adapted projection two thin matrices whose product is added to its weight.
///
/// Read and written as PEFT does: a directory with `adapter_config.json` and `adapter_model.safetensors`.
public struct LoRAAdapter: Sendable {
  /// The matrices of one place, float32: A [rank, in] and B [out, rank].
  public struct Factors: Sendable {
    public var a: Tensor
    public var b: Tensor

    public init(a: Tensor, b: Tensor) {
      self.a = a
      self.b = b
    }
  }

  public let configuration: LoRAConfiguration
  public let factors: [AdapterPlace: Factors]
  /// Where it was read from, for messages.
  private(set) var directory: String?
  /// Sentences about what the adapter states and what has no effect.
  public private(set) var warnings: [String] = []

  static let weightsName = "adapter_model.safetensors"

  /// - Parameter factors: of ranks that the configuration states; at least one place.
  public init(_ configuration: LoRAConfiguration, factors: [AdapterPlace: Factors]) throws(TelltaleError) {
    try configuration.check()
    guard !factors.isEmpty else { throw TelltaleError(.badInput, "the adapter adapts nothing; name a target module") }
    for (place, pair) in factors.sorted(by: { $0.key < $1.key }) {
      let rank = configuration.rank(at: place)
      guard pair.a.rank == 2, pair.b.rank == 2, pair.a.size(0) == rank, pair.b.size(1) == rank else {
        throw TelltaleError(
          .badInput,
          "the adapter's matrices of \(place) have shapes \(pair.a.shape) and \(pair.b.shape), which do not fit its rank "
            + "\(rank); its two files are of different adapters")
      }
    }
    self.configuration = configuration
    self.factors = factors
  }

  /// The adapted places, in order.
  public var places: [AdapterPlace] { factors.keys.sorted() }

  /// Numbers in all matrices.
  public var parameterCount: Int { factors.values.reduce(0) { $0 + $1.a.count + $1.b.count } }

  /// The matrices by PEFT's names, such as `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
  public var weights: [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for (place, pair) in factors {
      weights[place.tensorName(.a)] = pair.a
      weights[place.tensorName(.b)] = pair.b
    }
    return weights
  }

  /// The adapter of matrices by PEFT's names; other names, halves without their other, and values that are no numbers
  /// are refused.
  public init(_ configuration: LoRAConfiguration, weights: [String: Tensor]) throws {
    var found: [AdapterPlace: [AdapterPlace.Factor: Tensor]] = [:]
    for (name, tensor) in weights.sorted(by: { $0.key < $1.key }) {
      guard let (place, factor) = AdapterPlace.parse(tensorName: name) else {
        throw TelltaleError(
          .badInput,
          "the tensor \"\(SafeText.quoted(name))\" is no LoRA matrix of a Llama-family model; give another adapter"
        )
      }
      guard tensor.dtype.isFloatingPoint, try tensor.isFinite().all() else {
        throw TelltaleError(
          .badInput, "the tensor \"\(SafeText.quoted(name))\" holds NaN or infinity; the file is damaged")
      }
      found[place, default: [:]][factor] = try tensor.converted(to: .float32)
    }
    var factors: [AdapterPlace: Factors] = [:]
    for (place, pair) in found {
      guard let a = pair[.a], let b = pair[.b] else {
        throw TelltaleError(.badInput, "of \(place) only one of the two matrices is there; the adapter is incomplete")
      }
      factors[place] = Factors(a: a, b: b)
    }
    try self.init(configuration, factors: factors)
  }

  // MARK: Files

  /// Reads an adapter's directory; the matrices are widened to float32 where they are stored narrower.
  public init(directory: URL) throws {
    let configuration = try AdapterConfigurationFile.read(directory)
    let url = directory.appendingPathComponent(Self.weightsName)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TelltaleError(
        .badInput, "is missing; give an adapter in safetensors format (pickled .bin files are never executed)",
        at: InputLocation(file: url.path))
    }
    let file = try SafetensorsFile(url)
    do {
      var weights: [String: Tensor] = [:]
      for name in file.names { weights[name] = try file.tensor(name).copy() }
      try self.init(configuration, weights: weights)
      self.directory = directory.path
      warnings = try effectless().map { "\(directory.path): \($0)" }
    } catch let error as TelltaleError {
      throw TelltaleError(error.code, error.message, at: error.location ?? InputLocation(file: url.path))
    }
  }

  /// Writes `adapter_config.json` and `adapter_model.safetensors` into a directory, which is made where it is missing.
  /// The weights come last: a directory that holds them holds a whole adapter.
  public func write(to directory: URL, metadata: [String: String] = [:]) throws {
    do { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) } catch {
      throw TelltaleError(
        .badInput, "cannot be made; check that the folder above it is writable", at: InputLocation(file: directory.path)
      )
    }
    let targets = configuration.targets ?? Set(factors.keys.map(\.module.rawValue)).sorted()
    try AtomicFile.write(
      AdapterConfigurationFile.data(configuration, targets: targets),
      to: directory.appendingPathComponent(AdapterConfigurationFile.name))
    var stated = metadata
    stated["format"] = "pt"
    try SafetensorsFile.write(
      weights.mapValues { try $0.detached().moved(to: .cpu).contiguous() }, metadata: stated,
      to: directory.appendingPathComponent(Self.weightsName))
  }

  /// What changes nothing: matrices whose product is zero, patterns that match no module of the adapter.
  private func effectless() throws -> [String] {
    let names = places.map { "\($0)" }
    let unmatched = [
      ("rank_pattern", configuration.rankPattern.unmatched(names)),
      ("alpha_pattern", configuration.alphaPattern.unmatched(names)),
    ]
    let patterns = unmatched.flatMap { key, unmatched in
      unmatched.map { "\(key) names \"\(SafeText.quoted($0))\", which matches no module that the adapter has" }
    }
    let zero = try factors.values.count { try $0.a.equal(0).all() || $0.b.equal(0).all() }
    switch zero {
    case 0: return patterns
    case factors.count: return ["the adapter changes nothing: every lora_B (or lora_A) is zero"] + patterns
    default: return ["\(zero) of \(factors.count) adapted modules change nothing: their lora_B is zero"] + patterns
    }
  }

  // MARK: A new adapter

  /// The adapter that training starts from, as PEFT draws it: A uniform within 1 / sqrt(in) (Kaiming with a = sqrt 5), B
  /// zero, so that it changes nothing yet. The same for the same seed.
  public static func initial(
    _ configuration: LoRAConfiguration, for model: ModelConfiguration, seed: UInt64
  ) throws -> LoRAAdapter {
    try configuration.check()
    try model.requireAdapters()
    var factors: [AdapterPlace: Factors] = [:]
    for place in configuration.places(in: model) ?? [] {
      let (output, input) = place.module.shape(in: model)
      let rank = configuration.rank(at: place)
      guard rank <= min(output, input) else {
        throw TelltaleError(
          .badInput, "the rank \(rank) is more than the \(min(output, input)) that \(place) can have; ask for less")
      }
      var random = SeededGenerator(
        seed: seed,
        stream: place.layer * AdaptedModule.allCases.count + (AdaptedModule.allCases.firstIndex(of: place.module) ?? 0))
      let bound = 1 / Double(input).squareRoot()
      let values = (0..<rank * input).map { _ in Float((2 * random.uniform() - 1) * bound) }
      factors[place] = Factors(a: try Tensor(values, shape: [rank, input]), b: try Tensor.zeros([output, rank]))
    }
    return try LoRAAdapter(configuration, factors: factors)
  }
}
