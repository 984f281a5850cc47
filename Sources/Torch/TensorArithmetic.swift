internal import CTorch
import Foundations

/// Element-wise operations, with NumPy's broadcasting.
///
/// Types mix as in PyTorch, and a number keeps the type of the tensor it meets: a whole number leaves an integer tensor
/// an integer one; any other number, and division, makes it float32.
extension Tensor {
  public static func + (a: Tensor, b: Tensor) throws(TelltaleError) -> Tensor { try binary(CT_ADD, a, b) }
  public static func - (a: Tensor, b: Tensor) throws(TelltaleError) -> Tensor { try binary(CT_SUBTRACT, a, b) }
  public static func * (a: Tensor, b: Tensor) throws(TelltaleError) -> Tensor { try binary(CT_MULTIPLY, a, b) }
  public static func / (a: Tensor, b: Tensor) throws(TelltaleError) -> Tensor { try binary(CT_DIVIDE, a, b) }
  public static func + (a: Tensor, b: Double) throws(TelltaleError) -> Tensor { try binary(CT_ADD, a, b) }
  public static func - (a: Tensor, b: Double) throws(TelltaleError) -> Tensor { try binary(CT_SUBTRACT, a, b) }
  public static func * (a: Tensor, b: Double) throws(TelltaleError) -> Tensor { try binary(CT_MULTIPLY, a, b) }
  public static func / (a: Tensor, b: Double) throws(TelltaleError) -> Tensor { try binary(CT_DIVIDE, a, b) }
  public static prefix func - (a: Tensor) throws(TelltaleError) -> Tensor { try a.unary(CT_NEGATE) }

  // Comparisons give bool tensors.
  public func equal(_ b: Tensor) throws(TelltaleError) -> Tensor { try Self.binary(CT_EQUAL, self, b) }
  public func equal(_ b: Double) throws(TelltaleError) -> Tensor { try Self.binary(CT_EQUAL, self, b) }
  public func less(than b: Tensor) throws(TelltaleError) -> Tensor { try Self.binary(CT_LESS, self, b) }
  public func less(than b: Double) throws(TelltaleError) -> Tensor { try Self.binary(CT_LESS, self, b) }
  public func lessOrEqual(to b: Tensor) throws(TelltaleError) -> Tensor { try Self.binary(CT_LESS_EQUAL, self, b) }
  public func greater(than b: Tensor) throws(TelltaleError) -> Tensor { try Self.binary(CT_GREATER, self, b) }
  public func greater(than b: Double) throws(TelltaleError) -> Tensor { try Self.binary(CT_GREATER, self, b) }
  public func and(_ b: Tensor) throws(TelltaleError) -> Tensor { try Self.binary(CT_AND, self, b) }
  public func not() throws(TelltaleError) -> Tensor { try unary(CT_NOT) }

  public func clamped(atLeast low: Double) throws(TelltaleError) -> Tensor { try Self.binary(CT_MAXIMUM, self, low) }
  public func clamped(atMost high: Double) throws(TelltaleError) -> Tensor { try Self.binary(CT_MINIMUM, self, high) }
  public func power(_ exponent: Double) throws(TelltaleError) -> Tensor { try Self.binary(CT_POWER, self, exponent) }

  public func absolute() throws(TelltaleError) -> Tensor { try unary(CT_ABSOLUTE) }
  public func exponential() throws(TelltaleError) -> Tensor { try unary(CT_EXPONENTIAL) }
  public func logarithm() throws(TelltaleError) -> Tensor { try unary(CT_LOGARITHM) }
  public func squareRoot() throws(TelltaleError) -> Tensor { try unary(CT_SQUARE_ROOT) }
  public func reciprocalSquareRoot() throws(TelltaleError) -> Tensor { try unary(CT_RECIPROCAL_SQUARE_ROOT) }
  public func sine() throws(TelltaleError) -> Tensor { try unary(CT_SINE) }
  public func cosine() throws(TelltaleError) -> Tensor { try unary(CT_COSINE) }
  public func sigmoid() throws(TelltaleError) -> Tensor { try unary(CT_SIGMOID) }
  public func logSigmoid() throws(TelltaleError) -> Tensor { try unary(CT_LOG_SIGMOID) }
  public func isFinite() throws(TelltaleError) -> Tensor { try unary(CT_IS_FINITE) }

  /// `self` where `condition` (bool) holds, `other` elsewhere.
  public func selected(where condition: Tensor, otherwise other: Tensor) throws(TelltaleError) -> Tensor {
    try with(condition, self, other) { ct_where($0, $1, $2, $3) }
  }

  static func binary(_ op: ct_binary, _ a: Tensor, _ b: Tensor) throws(TelltaleError) -> Tensor {
    try with(a, b) { ct_binary_op(op, $0, $1, $2) }
  }

  static func binary(_ op: ct_binary, _ a: Tensor, _ b: Double) throws(TelltaleError) -> Tensor {
    try with(a) { ct_binary_scalar(op, $0, b, $1) }
  }

  func unary(_ op: ct_unary) throws(TelltaleError) -> Tensor { try with(self) { ct_unary_op(op, $0, $1) } }
}
