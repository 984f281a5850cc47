import Foundation
import Foundations
import Torch

/// Rotary position embeddings (Su et al. 2021) with the scalings that checkpoints of the Llama family use.
///
/// Frequencies and angles are float32, as in transformers' `modeling_rope_utils.py`.
public struct RotaryEmbedding: Sendable {
  public enum Scaling: Sendable, Equatable {
    case none
    /// Positions divided by a factor (Chen et al. 2023).
    case linear(factor: Double)
    /// NTK-aware: the base grows with the length of the sequence once it is beyond `trained` positions.
    case dynamic(factor: Double, trained: Int)
    /// Llama 3.1: low frequencies divided, high ones kept, the rest in between.
    case llama3(factor: Double, low: Double, high: Double, trained: Int)
  }

  public struct Configuration: Sendable, Equatable {
    public var theta: Double
    public var dimension: Int
    public var scaling: Scaling
  }

  public let configuration: Configuration
  private let frequencies: [Float]

  public init(_ configuration: Configuration) {
    self.configuration = configuration
    frequencies = Self.frequencies(configuration)
  }

  /// Cosines and sines [tokens, dim] for tokens at `positions` in sequences of `lengths` tokens (each token's own
  /// sequence; only `dynamic` looks at it).
  func tables(
    positions: [Int], lengths: [Int], dtype: DType, device: Device
  ) throws(TelltaleError) -> (cosines: Tensor, sines: Tensor) {
    let once = try angles(positions, lengths, device)  // [tokens, dim / 2]
    let both = try Tensor.concatenated([once, once], 1)  // [tokens, dim]
    return (try both.cosine().converted(to: dtype), try both.sine().converted(to: dtype))
  }

  private func angles(_ positions: [Int], _ lengths: [Int], _ device: Device) throws(TelltaleError) -> Tensor {
    let half = configuration.dimension / 2
    guard case .dynamic = configuration.scaling else {
      let places = try Tensor(positions.map(Float.init), shape: [positions.count, 1]).moved(to: device)
      return try places * Tensor(frequencies, shape: [1, half]).moved(to: device)
    }
    var angles = [Float](repeating: 0, count: positions.count * half)
    for (token, position) in positions.enumerated() {
      let frequencies = frequencies(forLength: lengths[token])
      for i in 0..<half { angles[token * half + i] = Float(position) * frequencies[i] }
    }
    return try Tensor(angles, shape: [positions.count, half]).moved(to: device)
  }

  private func frequencies(forLength length: Int) -> [Float] {
    guard case .dynamic(let factor, let trained) = configuration.scaling, length > trained else { return frequencies }
    let dimension = Double(configuration.dimension)
    let growth = factor * Double(length) / Double(trained) - (factor - 1)
    return Self.powers(configuration.theta * pow(growth, dimension / (dimension - 2)), configuration.dimension)
  }

  private static func powers(_ theta: Double, _ dimension: Int) -> [Float] {
    (0..<dimension / 2).map { 1 / powf(Float(theta), Float(2 * $0) / Float(dimension)) }
  }

  private static func frequencies(_ configuration: Configuration) -> [Float] {
    let plain = powers(configuration.theta, configuration.dimension)
    switch configuration.scaling {
    case .none, .dynamic: return plain
    case .linear(let factor): return plain.map { $0 / Float(factor) }
    case .llama3(let factor, let low, let high, let trained):
      return plain.map { llama3($0, Float(factor), Float(low), Float(high), Float(trained)) }
    }
  }

  private static func llama3(_ frequency: Float, _ factor: Float, _ low: Float, _ high: Float, _ trained: Float)
    -> Float
  {
    let wavelength = 2 * Float.pi / frequency
    if wavelength > trained / low { return frequency / factor }
    if wavelength < trained / high { return frequency }
    let smooth = (trained / wavelength - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency
  }
}

extension RotaryEmbedding.Configuration {
  init(
    _ raw: RawConfiguration, headDimension: Int, _ refuse: (String?, String) -> TelltaleError
  ) throws(TelltaleError) {
    let scaling = raw.ropeParameters ?? raw.ropeScaling
    theta = raw.ropeParameters?.ropeTheta ?? raw.ropeTheta ?? 10_000
    dimension = headDimension
    guard theta.isFinite, theta > 0 else { throw refuse("rope_theta", "is \(theta); it must be positive") }
    self.scaling = try Self.scaling(scaling, raw.maxPositionEmbeddings ?? 2048, refuse)
  }

  private static func scaling(
    _ raw: RawConfiguration.RawRope?, _ positions: Int, _ refuse: (String?, String) -> TelltaleError
  ) throws(TelltaleError) -> RotaryEmbedding.Scaling {
    guard let raw, let kind = raw.ropeType ?? raw.type, kind != "default" else { return .none }
    func positive(_ value: Double?, _ name: String) throws(TelltaleError) -> Double {
      guard let value, value.isFinite, value > 0 else {
        throw refuse("rope_scaling.\(name)", "must be a positive number; fetch the file anew")
      }
      return value
    }
    let factor = try positive(raw.factor, "factor")
    let trained = raw.originalMaxPositionEmbeddings ?? positions
    guard positions > 0, trained > 0 else {
      throw refuse("max_position_embeddings", "or the original one is not positive; fetch the file anew")
    }
    switch kind {
    case "linear": return .linear(factor: factor)
    // As transformers, which does not look at original_max_position_embeddings here.
    case "dynamic": return .dynamic(factor: factor, trained: positions)
    case "llama3":
      return .llama3(
        factor: factor, low: try positive(raw.lowFreqFactor, "low_freq_factor"),
        high: try positive(raw.highFreqFactor, "high_freq_factor"), trained: trained)
    default:
      throw refuse(
        "rope_scaling", "\"\(kind.prefix(40))\" is not supported; Telltale knows linear, dynamic and llama3")
    }
  }
}
