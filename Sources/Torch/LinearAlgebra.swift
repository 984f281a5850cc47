internal import CTorch
import Foundations

extension Tensor {
  // All of these are for float32 and float64; a matrix without a solution (singular, not positive definite, not a
  // number) is an error.

  /// Eigenvalues ascending [n] and eigenvectors as columns [n, n] of a symmetric matrix.
  public func eigenSymmetric() throws(TelltaleError) -> (values: Tensor, vectors: Tensor) {
    try pair { ct_eigen_symmetric($0, $1, $2) }
  }

  /// The thin singular value decomposition of [m, n]: u [m, k], singular values descending [k], vt [k, n].
  public func singularValues() throws(TelltaleError) -> (u: Tensor, values: Tensor, vt: Tensor) {
    var u: Tensor?
    let (values, vt) = try pair { ref, vt, error in
      var left: ct_tensor?
      let values = ct_singular_values(ref, &left, vt, error)
      u = left.map(Tensor.init(owning:))
      return values
    }
    guard let u else { throw TelltaleError(.failed, "libtorch gave only two of three results") }
    return (u, values, vt)
  }

  /// x with self [n, n] x = right [n, k].
  public func solve(_ right: Tensor) throws(TelltaleError) -> Tensor { try with(self, right) { ct_solve($0, $1, $2) } }

  /// The lower triangular factor of a symmetric positive definite matrix.
  public func cholesky() throws(TelltaleError) -> Tensor { try with(self) { ct_cholesky($0, $1) } }

  /// Orthonormal columns that span the columns of [m, n]: q of the thin QR decomposition.
  public func orthonormalised() throws(TelltaleError) -> Tensor { try with(self) { ct_orthonormal($0, $1) } }
}
