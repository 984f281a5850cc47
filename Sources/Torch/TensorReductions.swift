internal import CTorch
import Foundations

/// Reductions over one dimension (negative counts from the last; `keep` leaves it with size 1) or, without one, over
/// all elements to a scalar.
extension Tensor {
  public func sum(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_SUM, dimension, keep)
  }

  public func mean(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_MEAN, dimension, keep)
  }

  /// NaN where any element is; an error where there is none.
  public func max(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_MAX, dimension, keep)
  }

  /// NaN where any element is; an error where there is none.
  public func min(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_MIN, dimension, keep)
  }

  /// The index (int64) of the largest element; of equal ones, any.
  public func argmax(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_ARGMAX, dimension, keep)
  }

  /// log(sum(exp(x))), computed without overflow; minus infinity for no elements.
  public func logSumExp(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_LOG_SUM_EXP, dimension, keep)
  }

  /// The Euclidean norm.
  public func norm(_ dimension: Int? = nil, keep: Bool = false) throws(TelltaleError) -> Tensor {
    try reduced(CT_NORM, dimension, keep)
  }

  public func all() throws(TelltaleError) -> Bool { try reduced(CT_ALL, nil, false).bools()[0] }
  public func any() throws(TelltaleError) -> Bool { try reduced(CT_ANY, nil, false).bools()[0] }

  /// Probabilities along a dimension, computed and returned in float32 (float64 for float64 input).
  public func softmax(_ dimension: Int) throws(TelltaleError) -> Tensor {
    try with(self) { ct_softmax($0, Int64(dimension), false, $1) }
  }

  /// Log-probabilities in nats along a dimension, computed and returned in float32 (float64 for float64 input).
  public func logSoftmax(_ dimension: Int) throws(TelltaleError) -> Tensor {
    try with(self) { ct_softmax($0, Int64(dimension), true, $1) }
  }

  public func cumulativeSum(_ dimension: Int) throws(TelltaleError) -> Tensor {
    try with(self) { ct_cumulative_sum($0, Int64(dimension), $1) }
  }

  /// A stable sort along a dimension and the int64 indices that give it.
  public func sorted(
    _ dimension: Int, descending: Bool = false
  ) throws(TelltaleError) -> (values: Tensor, indices: Tensor) {
    try pair { ct_sort($0, Int64(dimension), descending, $1, $2) }
  }

  /// The `count` largest elements along a dimension, descending, and their int64 indices.
  public func top(_ count: Int, _ dimension: Int) throws(TelltaleError) -> (values: Tensor, indices: Tensor) {
    try pair { ct_top($0, Int64(count), Int64(dimension), $1, $2) }
  }

  private func reduced(_ op: ct_reduction, _ dimension: Int?, _ keep: Bool) throws(TelltaleError) -> Tensor {
    try with(self) { ct_reduce(op, $0, dimension != nil, Int64(dimension ?? 0), keep, $1) }
  }

  /// Calls a function that gives a second tensor through an out-parameter. What it gave is freed if it then failed.
  func pair(
    _ body: (ct_tensor, UnsafeMutablePointer<ct_tensor?>, ErrorPointer) -> ct_tensor?
  ) throws(TelltaleError) -> (Tensor, Tensor) {
    var ref: ct_tensor?
    var error = ct_error()
    let firstRef = withExtendedLifetime(storage) { body(storage.ref, &ref, &error) }
    let second = ref.map(Tensor.init(owning:))
    let first = try take(firstRef, &error)
    guard let second else { throw TelltaleError(.failed, "libtorch gave only one of two results") }
    return (first, second)
  }
}
