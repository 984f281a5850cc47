internal import CTorch
import Foundations

/// Views, joins and selections. Views share memory with the tensor they come from.
extension Tensor {
  /// One size may be -1 and is then inferred.
  public func reshaped(_ shape: [Int]) throws(TelltaleError) -> Tensor {
    let wide = shape.wide
    return try with(self) { ct_reshape($0, wide, Int64(wide.count), $1) }
  }

  public func permuted(_ order: [Int]) throws(TelltaleError) -> Tensor {
    let wide = order.wide
    return try with(self) { ct_permute($0, wide, Int64(wide.count), $1) }
  }

  public func transposed(_ a: Int, _ b: Int) throws(TelltaleError) -> Tensor {
    try with(self) { ct_transpose($0, Int64(a), Int64(b), $1) }
  }

  /// The part `range` of a dimension, as a view. A negative start counts from the end.
  public func narrowed(_ dimension: Int, _ range: Range<Int>) throws(TelltaleError) -> Tensor {
    let (length, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
    guard !overflow else { throw TelltaleError(.invalidArgument, "\(range) is longer than any dimension") }
    return try with(self) { ct_narrow($0, Int64(dimension), Int64(range.lowerBound), Int64(length), $1) }
  }

  /// The tensor at `index` (negative counts from the end) of the first dimension, without that dimension; a view.
  public subscript(index: Int) -> Tensor {
    get throws(TelltaleError) {
      try with(self) { ct_select($0, 0, Int64(index), $1) }
    }
  }

  /// A view repeated along dimensions of size 1.
  public func expanded(_ shape: [Int]) throws(TelltaleError) -> Tensor {
    let wide = shape.wide
    return try with(self) { ct_expand($0, wide, Int64(wide.count), $1) }
  }

  /// With a new dimension of size 1 at `dimension`.
  public func unsqueezed(_ dimension: Int) throws(TelltaleError) -> Tensor {
    try with(self) { ct_unsqueeze($0, Int64(dimension), $1) }
  }

  public static func concatenated(_ tensors: [Tensor], _ dimension: Int = 0) throws(TelltaleError) -> Tensor {
    if tensors.count == 1 { return tensors[0] }
    return try with(tensors) { ct_concatenate($0, Int64($0.count), Int64(dimension), $1) }
  }

  public static func stacked(_ tensors: [Tensor], _ dimension: Int = 0) throws(TelltaleError) -> Tensor {
    try with(tensors) { ct_stack($0, Int64($0.count), Int64(dimension), $1) }
  }

  /// Zero above the given diagonal of the last two dimensions.
  public func lowerTriangle(diagonal: Int = 0) throws(TelltaleError) -> Tensor {
    try with(self) { ct_lower_triangle($0, Int64(diagonal), $1) }
  }

  /// The slices `indices` (int64 [n]) of a dimension.
  public func selected(_ dimension: Int, _ indices: Tensor) throws(TelltaleError) -> Tensor {
    try with(self, indices) { ct_index_select($0, Int64(dimension), $1, $2) }
  }

  public func selected(_ dimension: Int, _ indices: [Int]) throws(TelltaleError) -> Tensor {
    try selected(dimension, Tensor(indices).moved(to: device))
  }

  /// `out[i][j] = self[i][indices[i][j]]` for dimension 1, and so on for others.
  public func gathered(_ dimension: Int, _ indices: Tensor) throws(TelltaleError) -> Tensor {
    try with(self, indices) { ct_gather($0, Int64(dimension), $1, $2) }
  }

  /// A new tensor with the slices `indices` of a dimension replaced by those of `source`.
  public func replacing(_ dimension: Int, _ indices: Tensor, with source: Tensor) throws(TelltaleError) -> Tensor {
    try Torch.with(self, indices, source) { ct_index_replace($0, Int64(dimension), $1, $2, $3) }
  }

  /// A new tensor with `source`'s slices added to the slices `indices`; an index may repeat.
  public func adding(_ dimension: Int, _ indices: Tensor, _ source: Tensor) throws(TelltaleError) -> Tensor {
    try Torch.with(self, indices, source) { ct_index_add($0, Int64(dimension), $1, $2, $3) }
  }

  // MARK: In place, for key-value caches only

  /// Writes `source` into the part of a dimension that begins at `start`. Every view of the memory sees it.
  package func writeInPlace(_ dimension: Int, start: Int, _ source: Tensor) throws(TelltaleError) {
    var error = ct_error()
    withExtendedLifetime((storage, source.storage)) {
      ct_write_narrow(storage.ref, Int64(dimension), Int64(start), source.storage.ref, &error)
    }
    if error.code != 0 { throw TelltaleError(taking: &error) }
  }

  /// Writes `source[i]` to `self[rows[i]][columns[i]]`. Every view of the memory sees it.
  package func writeInPlace(rows: Tensor, columns: Tensor, _ source: Tensor) throws(TelltaleError) {
    var error = ct_error()
    withExtendedLifetime((storage, rows.storage, columns.storage, source.storage)) {
      ct_write_at(storage.ref, rows.storage.ref, columns.storage.ref, source.storage.ref, &error)
    }
    if error.code != 0 { throw TelltaleError(taking: &error) }
  }
}
