import Foundation
import Foundations
import Torch

/// Rotary position embeddings (Su et al. 2021) with the scalings that checkpoints use.
///
/// Frequencies and angles are float32, as in transformers' `modeling_rope_utils.py`.
public struct RotaryEmbedding: Sendable {
  public enum Scaling: Sendable, Hashable {
    case none
    /// Positions divided by a factor (Chen et al. 2023).
    case linear(factor: Double)
    /// NTK-aware: the base grows with the length of the sequence once it is beyond `trained` positions.
    case dynamic(factor: Double, trained: Int)
    /// Llama 3.1: low frequencies divided, high ones kept, the rest in between.
    case llama3(factor: Double, low: Double, high: Double, trained: Int)
    case yarn(Yarn)
    case longrope(LongRope)
  }

  /// Low frequencies divided, high ones kept, between them a ramp over the dimensions (Peng et al. 2023).
  public struct Yarn: Sendable, Hashable {
    public var factor: Double
    /// Turns over the trained length from which on a frequency is kept, and up to which it is divided.
    public var fast = 32.0
    public var slow = 1.0
    public var trained: Int
    /// Whether the ramp's ends are whole dimensions.
    public var truncates = true
    /// What cosines and sines are multiplied by.
    public var attention: Double
  }

  /// Every frequency divided by its own factor, others for sequences longer than the trained ones (Ding et al. 2024).
  public struct LongRope: Sendable, Hashable {
    public var short: [Double]
    public var long: [Double]
    public var trained: Int
    /// What cosines and sines are multiplied by.
    public var attention: Double
  }

  public struct Configuration: Sendable, Hashable {
    public var theta: Double
    /// Numbers at the beginning of every head that are rotated.
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
  /// sequence; only scalings that go by the length look at it).
  func tables(
    positions: [Int], lengths: [Int], dtype: DType, device: Device
  ) throws(TelltaleError) -> RotaryTables {
    let once = try angles(positions, lengths, device)  // [tokens, dim / 2]
    let both = try Tensor.concatenated([once, once], 1)  // [tokens, dim]
    var (cosines, sines) = (try both.cosine(), try both.sine())
    if let factor = attentionFactor { (cosines, sines) = (try cosines * factor, try sines * factor) }
    return RotaryTables(cosines: try cosines.converted(to: dtype), sines: try sines.converted(to: dtype))
  }

  private var attentionFactor: Double? {
    switch configuration.scaling {
    case .yarn(let yarn): yarn.attention
    case .longrope(let rope): rope.attention
    default: nil
    }
  }

  private func angles(_ positions: [Int], _ lengths: [Int], _ device: Device) throws(TelltaleError) -> Tensor {
    let half = configuration.dimension / 2
    guard dependsOnLength else {
      let places = try Tensor(positions.map(Float.init), shape: [positions.count, 1]).moved(to: device)
      return try places * Tensor(frequencies, shape: [1, half]).moved(to: device)
    }
    var known: [Int: [Float]] = [:]
    var angles = [Float](repeating: 0, count: positions.count * half)
    for (token, position) in positions.enumerated() {
      let frequencies = known[lengths[token]] ?? frequencies(forLength: lengths[token])
      known[lengths[token]] = frequencies
      for i in 0..<half { angles[token * half + i] = Float(position) * frequencies[i] }
    }
    return try Tensor(angles, shape: [positions.count, half]).moved(to: device)
  }

  private var dependsOnLength: Bool {
    switch configuration.scaling {
    case .dynamic, .longrope: true
    default: false
    }
  }

  private func frequencies(forLength length: Int) -> [Float] {
    switch configuration.scaling {
    case .dynamic(let factor, let trained) where length > trained:
      let dimension = Double(configuration.dimension)
      let growth = factor * Double(length) / Double(trained) - (factor - 1)
      return Self.powers(configuration.theta * pow(growth, dimension / (dimension - 2)), configuration.dimension)
    case .longrope(let rope) where length > rope.trained:
      return Self.divided(configuration, by: rope.long)
    default: return frequencies
    }
  }

  private static func frequencies(_ configuration: Configuration) -> [Float] {
    let plain = powers(configuration.theta, configuration.dimension)
    switch configuration.scaling {
    case .none, .dynamic: return plain
    case .linear(let factor): return plain.map { $0 / Float(factor) }
    case .llama3(let factor, let low, let high, let trained):
      return plain.map { llama3($0, Float(factor), Float(low), Float(high), Float(trained)) }
    case .yarn(let yarn): return Self.yarn(yarn, configuration)
    case .longrope(let rope): return divided(configuration, by: rope.short)
    }
  }

  /// theta^(2i / dim), for each pair of dimensions.
  private static func wavelengths(_ theta: Double, _ dimension: Int) -> [Float] {
    (0..<dimension / 2).map { powf(Float(theta), Float(2 * $0) / Float(dimension)) }
  }

  private static func powers(_ theta: Double, _ dimension: Int) -> [Float] {
    wavelengths(theta, dimension).map { 1 / $0 }
  }

  private static func divided(_ configuration: Configuration, by factors: [Double]) -> [Float] {
    zip(wavelengths(configuration.theta, configuration.dimension), factors).map { 1 / (Float($1) * $0) }
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

  private static func yarn(_ yarn: Yarn, _ configuration: Configuration) -> [Float] {
    let dimension = Double(configuration.dimension)
    /// The dimension whose frequency turns so many times over the trained length.
    func place(_ turns: Double) -> Double {
      dimension * log(Double(yarn.trained) / (turns * 2 * .pi)) / (2 * log(configuration.theta))
    }
    var (low, high) = (place(yarn.fast), place(yarn.slow))
    if yarn.truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, dimension - 1))
    if low == high { high += 0.001 }
    return wavelengths(configuration.theta, configuration.dimension).enumerated().map { index, wavelength in
      let ramp = min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
      let kept = 1 - ramp
      return 1 / (Float(yarn.factor) * wavelength) * (1 - kept) + 1 / wavelength * kept
    }
  }
}

/// Cosines and sines [tokens, dim] of one pass.
struct RotaryTables {
  var cosines, sines: Tensor

  /// Those of some tokens.
  func rows(_ kept: KeptTokens) throws(TelltaleError) -> RotaryTables {
    RotaryTables(cosines: try kept.rows(cosines), sines: try kept.rows(sines))
  }

  func moved(to device: Device) throws(TelltaleError) -> RotaryTables {
    RotaryTables(cosines: try cosines.moved(to: device), sines: try sines.moved(to: device))
  }

  /// x [tokens, heads, dim] rotated, in the tables' dtype and rounded once to that of x.
  func rotating(_ x: Tensor) throws(TelltaleError) -> Tensor {
    try x.converted(to: cosines.dtype).rotated(cosines: cosines, sines: sines).converted(to: x.dtype)
  }
}
