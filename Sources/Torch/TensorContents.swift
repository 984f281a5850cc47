internal import CTorch
import Foundations

/// Numbers in and out.
extension Tensor {
  /// A tensor of `values` in row-major order. The number of values must be the product of `shape`.
  public init(_ values: [Float], shape: [Int]? = nil) throws(TelltaleError) {
    self = try Tensor.copying(values, shape: shape, dtype: .float32)
  }

  public init(_ values: [Double], shape: [Int]? = nil) throws(TelltaleError) {
    self = try Tensor.copying(values, shape: shape, dtype: .float64)
  }

  /// int64, the type of token ids and indices.
  public init(_ values: [Int], shape: [Int]? = nil) throws(TelltaleError) {
    self = try Tensor.copying(values.map(Int64.init), shape: shape, dtype: .int64)
  }

  public init(_ values: [Int32], shape: [Int]? = nil) throws(TelltaleError) {
    self = try Tensor.copying(values, shape: shape, dtype: .int32)
  }

  public init(_ values: [Bool], shape: [Int]? = nil) throws(TelltaleError) {
    self = try Tensor.copying(values.map { $0 ? UInt8(1) : 0 }, shape: shape, dtype: .bool)
  }

  private static func copying<Element>(_ values: [Element], shape: [Int]?, dtype: DType) throws(TelltaleError) -> Tensor
  {
    let shape = shape ?? [values.count]
    guard shape.allSatisfy({ $0 >= 0 }), elementCount(shape) == values.count else {
      throw TelltaleError(.invalidArgument, "\(values.count) values do not fill the shape \(shape)")
    }
    let wide = shape.wide
    return try make { error in
      values.withUnsafeBytes { ct_copy_in($0.baseAddress, wide, Int64(wide.count), dtype.code, error) }
    }
  }

  /// nil where there are more elements than can be counted.
  static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// The elements in row-major order, converted to float32 where they are of another type.
  public func floats() throws(TelltaleError) -> [Float] { try copied(as: .float32, zero: Float(0)) }

  /// The elements in row-major order, converted to float64.
  public func doubles() throws(TelltaleError) -> [Double] { try copied(as: .float64, zero: Double(0)) }

  /// The elements in row-major order, converted to integers: fractions are cut off; NaN and what lies outside of
  /// int64 give an arbitrary number.
  public func integers() throws(TelltaleError) -> [Int] { try copied(as: .int64, zero: Int64(0)).map(Int.init) }

  /// The elements in row-major order: false for zero, true for everything else.
  public func bools() throws(TelltaleError) -> [Bool] { try copied(as: .bool, zero: UInt8(0)).map { $0 != 0 } }

  /// The one element of a tensor with one element.
  public func scalar() throws(TelltaleError) -> Double {
    guard count == 1 else { throw TelltaleError(.invalidArgument, "a tensor of shape \(shape) is not a single number") }
    return try doubles()[0]
  }

  private func copied<Element>(as dtype: DType, zero: Element) throws(TelltaleError) -> [Element] {
    // Laid out by libtorch first: where memory is short, that fails with an error, and a Swift array with a crash.
    let source = try converted(to: dtype, device: .cpu).contiguous()
    var result = [Element](repeating: zero, count: source.count)
    var error = ct_error()
    withExtendedLifetime(source.storage) {
      result.withUnsafeMutableBytes { ct_copy_out(source.storage.ref, $0.baseAddress, Int64($0.count), &error) }
    }
    if error.code != 0 { throw TelltaleError(taking: &error) }
    return result
  }

  /// Calls `body` with the raw row-major bytes of the tensor in its own element type, without a copy where possible.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws -> Result {
    let source = try converted(to: dtype, device: .cpu).contiguous()
    return try withExtendedLifetime(source.storage) {
      try body(UnsafeRawBufferPointer(start: ct_data(source.storage.ref), count: source.count * source.dtype.size))
    }
  }

  // MARK: Creation

  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws(TelltaleError) -> Tensor {
    let wide = shape.wide
    return try make { ct_full(wide, Int64(wide.count), value, dtype.code, device.code, $0) }
  }

  public static func zeros(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) throws(TelltaleError) -> Tensor {
    try full(shape, 0, dtype: dtype, device: device)
  }

  public static func ones(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) throws(TelltaleError) -> Tensor {
    try full(shape, 1, dtype: dtype, device: device)
  }

  /// int64 numbers of a range, in order.
  public static func range(_ range: Range<Int>, device: Device = .cpu) throws(TelltaleError) -> Tensor {
    try make { ct_arange(Int64(range.lowerBound), Int64(range.upperBound), device.code, $0) }
  }

  /// Standard normal numbers, the same for the same seed, the same libtorch and the same kind of device.
  public static func randomNormal(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, seed: UInt64
  ) throws(TelltaleError) -> Tensor {
    let wide = shape.wide
    return try make { ct_random_normal(wide, Int64(wide.count), dtype.code, device.code, seed, $0) }
  }

  // MARK: Conversion

  /// The same numbers in another element type or on another device; the tensor itself where nothing changes.
  public func converted(to dtype: DType, device: Device? = nil) throws(TelltaleError) -> Tensor {
    let target = device ?? self.device
    if dtype == self.dtype && target == self.device { return self }
    return try with(self) { ct_convert($0, dtype.code, target.code, $1) }
  }

  public func moved(to device: Device) throws(TelltaleError) -> Tensor { try converted(to: dtype, device: device) }

  /// Row-major in memory; the tensor itself where it already is.
  public func contiguous() throws(TelltaleError) -> Tensor {
    isContiguous ? self : try with(self) { ct_contiguous($0, $1) }
  }

  /// A copy that shares no memory.
  public func copy() throws(TelltaleError) -> Tensor { try with(self) { ct_clone($0, $1) } }
}
