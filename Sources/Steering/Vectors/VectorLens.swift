import Foundations
import LanguageModels
import Torch

/// The tokens that a direction or an activation speaks for.
public struct LensReading: Sendable, Codable {
  public struct Token: Sendable, Codable, Equatable {
    public var id: Int
    /// As it stands in the vocabulary.
    public var text: String
    /// Logit minus the mean logit.
    public var logit: Double
  }

  public var layer: Int
  /// Highest logit first.
  public var promoted: [Token]
  /// Lowest logit first.
  public var suppressed: [Token]
  /// Cosine of the direction with the readout of letter A minus letter B; nil for activations and where a side is zero.
  public var letterCosine: Double?
}

/// Reads vectors and activations through the logit lens.
public struct VectorLens {
  private let loaded: LoadedModel
  private let lens: LogitLens
  private let top: Int

  /// - Parameter top: how many tokens of each side, at least 1.
  public init(_ loaded: LoadedModel, norm: LogitLens.Norm = .final, top: Int = 10) throws {
    guard top >= 1, top <= loaded.model.configuration.vocabularySize else {
      throw TelltaleError(
        .badInput, "\(top) tokens cannot be shown; the vocabulary has \(loaded.model.configuration.vocabularySize)")
    }
    self.loaded = loaded
    self.top = top
    lens = LogitLens(loaded.model, norm: norm)
  }

  /// The tokens of "A" and "B" as they are written after `context`: those at which the two texts first differ.
  public func letters(after context: String) throws -> (a: Int, b: Int) {
    let a = loaded.tokenizer.encode(context + "A", addSpecialTokens: true).ids
    let b = loaded.tokenizer.encode(context + "B", addSpecialTokens: true).ids
    guard let place = zip(a, b).map({ $0 != $1 }).firstIndex(of: true) else {
      throw TelltaleError(
        .badInput, "the tokenizer writes A and B alike after \"\(SafeText.quoted(context))\"; give another context")
    }
    return (a[place], b[place])
  }

  /// The vectors of `layers`, and their cosine with the readout of A minus B after `context`. Zero vectors are refused.
  public func readings(of vectors: SteeringVectors, layers: [Int], letterContext context: String) throws
    -> [LensReading]
  {
    let units = try layers.map { try vectors.unit($0) }
    let (a, b) = try letters(after: context)
    let readout = try lens.readout(a, minus: b)
    let streams = try Tensor(units.flatMap { $0 }, shape: [layers.count, vectors.hiddenSize])
    var readings = try readings(of: streams, layers: layers)
    for (index, unit) in units.enumerated() { readings[index].letterCosine = Self.cosine(unit, readout) }
    return readings
  }

  /// The activations [layers, hidden] of one position.
  public func readings(of streams: Tensor, layers: [Int]) throws -> [LensReading] {
    let logits = try lens.logits(streams)
    return try layers.enumerated().map { index, layer in
      let row = try logits[index]
      return LensReading(layer: layer, promoted: try tokens(row, 1), suppressed: try tokens(row, -1))
    }
  }

  /// The tokens of the largest (sign 1) or smallest (sign -1) logits [vocabulary].
  private func tokens(_ logits: Tensor, _ sign: Double) throws -> [LensReading.Token] {
    let (values, ids) = try (logits * sign).sorted(-1, descending: true)
    return zip(try ids.narrowed(0, 0..<top).integers(), try values.narrowed(0, 0..<top).doubles()).map { id, value in
      LensReading.Token(id: id, text: loaded.tokenizer.token(id) ?? "", logit: value * sign)
    }
  }

  private static func cosine(_ a: [Float], _ b: [Double]) -> Double? {
    let dot = zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 }
    let lengths =
      a.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() * b.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return lengths > 0 ? dot / lengths : nil
  }
}
