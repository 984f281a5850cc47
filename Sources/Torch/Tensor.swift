internal import CTorch
import Foundations

/// An n-dimensional array on the CPU or a GPU.
///
/// A value type: every operation gives a new tensor (which may share memory as a view), none changes one in place, so
/// a tensor can be passed between threads. Every operation throws `TelltaleError`: running out of memory is a normal event
/// in a sweep and must not end the run.
public struct Tensor: Sendable {
  let storage: Storage

  /// Owns one reference of the C side. Immutable after creation, so safe to share.
  final class Storage: @unchecked Sendable {
    let ref: ct_tensor
    init(_ ref: ct_tensor) { self.ref = ref }
    deinit { ct_free(ref) }
  }

  /// Takes over an owned reference.
  init(owning ref: ct_tensor) { storage = Storage(ref) }

  /// Sizes of the dimensions, outermost first; empty for a scalar.
  public var shape: [Int] {
    withExtendedLifetime(storage) {
      (0..<ct_rank(storage.ref)).map { Int(ct_size(storage.ref, $0)) }
    }
  }

  public var rank: Int { withExtendedLifetime(storage) { Int(ct_rank(storage.ref)) } }

  /// Number of elements.
  public var count: Int { withExtendedLifetime(storage) { Int(ct_count(storage.ref)) } }

  public var dtype: DType { withExtendedLifetime(storage) { DType(code: ct_dtype_of(storage.ref)) } }

  public var device: Device { withExtendedLifetime(storage) { Device(code: ct_device_of(storage.ref)) } }

  public var isContiguous: Bool { withExtendedLifetime(storage) { ct_is_contiguous(storage.ref) } }

  /// The size of one dimension; negative counts from the last. A dimension that does not exist is a caller's bug.
  public func size(_ dimension: Int) -> Int {
    let rank = self.rank
    let index = dimension < 0 ? dimension + rank : dimension
    precondition(index >= 0 && index < rank, "dimension \(dimension) of a tensor of rank \(rank)")
    return withExtendedLifetime(storage) { Int(ct_size(storage.ref, Int64(index))) }
  }
}

// MARK: - Calling the C side

// Every argument tensor goes through one of these functions, which keep it alive while the C side borrows it.

typealias ErrorPointer = UnsafeMutablePointer<ct_error>

func take(_ ref: ct_tensor?, _ error: inout ct_error) throws(TelltaleError) -> Tensor {
  guard let ref else { throw TelltaleError(taking: &error) }
  return Tensor(owning: ref)
}

func make(_ body: (ErrorPointer) -> ct_tensor?) throws(TelltaleError) -> Tensor {
  var error = ct_error()
  return try take(body(&error), &error)
}

func with(_ a: Tensor, _ body: (ct_tensor, ErrorPointer) -> ct_tensor?) throws(TelltaleError) -> Tensor {
  var error = ct_error()
  let ref = withExtendedLifetime(a.storage) { body(a.storage.ref, &error) }
  return try take(ref, &error)
}

func with(
  _ a: Tensor, _ b: Tensor, _ body: (ct_tensor, ct_tensor, ErrorPointer) -> ct_tensor?
) throws(TelltaleError) -> Tensor {
  var error = ct_error()
  let ref = withExtendedLifetime((a.storage, b.storage)) { body(a.storage.ref, b.storage.ref, &error) }
  return try take(ref, &error)
}

func with(
  _ a: Tensor, _ b: Tensor, _ c: Tensor, _ body: (ct_tensor, ct_tensor, ct_tensor, ErrorPointer) -> ct_tensor?
) throws(TelltaleError) -> Tensor {
  var error = ct_error()
  let ref = withExtendedLifetime((a.storage, b.storage, c.storage)) {
    body(a.storage.ref, b.storage.ref, c.storage.ref, &error)
  }
  return try take(ref, &error)
}

func with(
  _ tensors: [Tensor], _ body: ([ct_tensor?], ErrorPointer) -> ct_tensor?
) throws(TelltaleError) -> Tensor {
  var error = ct_error()
  let ref = withExtendedLifetime(tensors) { body(tensors.map(\.storage.ref), &error) }
  return try take(ref, &error)
}

/// Shapes as the C side wants them.
extension [Int] {
  var wide: [Int64] { map(Int64.init) }
}
