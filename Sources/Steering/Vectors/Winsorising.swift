import Foundations
import Torch

/// Winsorising of activations, against massive coordinates: a few coordinates of the residual stream that are hundreds of times
/// as large as the others (Sun et al. 2024), as in Gemma, and would dominate norms, cosines and means.
///
/// In each activation h separately, the floor(share x hidden) coordinates of greatest magnitude are set to the next greatest
/// magnitude, keeping their signs: what `scipy.stats.mstats.winsorize(abs(h), limits=(0, share)) * sign(h)` gives. Nothing is fitted
/// to other rows, so that a vector and the activations it scores can be treated alike. For sets of numbers: Tukey 1962, Dixon 1960;
/// for activations before directions are extracted: "projected abliteration" (J. Lai 2025, share 0.005).
public struct Winsorising: Sendable, Equatable {
  /// The share of the coordinates that is clipped, above 0 and below 0.5.
  public let share: Double

  public init(share: Double) throws(TelltaleError) {
    guard share > 0, share < 0.5 else {
      throw TelltaleError(.badInput, "the share of winsorised coordinates must be above 0 and below 0.5, not \(share)")
    }
    self.share = share
  }

  /// How many of this number of coordinates are clipped.
  public func count(of width: Int) -> Int { Int(saturating: share * Double(width)) }

  /// - Parameter activations: float [..., hidden]; a row of NaN stays NaN.
  /// - Returns: the same shape and type.
  /// - Throws: `badInput` where the share is less than one coordinate.
  public func callAsFunction(_ activations: Tensor) throws(TelltaleError) -> Tensor {
    let width = activations.shape.last ?? 0
    let cut = count(of: width)
    guard cut > 0 else {
      throw TelltaleError(
        .badInput,
        "a share of \(share) of \(width) coordinates is less than one of them, so that winsorising does nothing; give more"
      )
    }
    let magnitudes = try activations.absolute()
    let sorted = try magnitudes.sorted(-1, descending: true).values
    let limit = try sorted.narrowed(sorted.rank - 1, cut..<cut + 1)  // [..., 1]
    let negative = try activations.less(than: 0)
    let clipped = try (-limit).selected(where: negative, otherwise: limit)  // [..., hidden]
    return try activations.selected(where: magnitudes.lessOrEqual(to: limit), otherwise: clipped)
  }
}
