internal import CTorch
import Foundations

extension MappedFile {
  /// The numbers in a range of the file, of which `shape` and `dtype` take up all: a tensor that lies in the mapping and
  /// keeps it alive, or a copy where the range is not aligned.
  package func tensor(_ range: Range<Int>, shape: [Int], dtype: DType) throws(TelltaleError) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the range lies in the file")
    let (address, wide) = (base + range.lowerBound, shape.wide)
    guard Int(bitPattern: address) % dtype.size == 0, !range.isEmpty else {
      return try make { ct_copy_in(address, wide, Int64(wide.count), dtype.code, $0) }
    }
    let owner = Unmanaged.passRetained(self).toOpaque()
    return try make {
      ct_borrow(
        UnsafeMutableRawPointer(mutating: address), wide, Int64(wide.count), dtype.code,
        { context in context.map { Unmanaged<MappedFile>.fromOpaque($0).release() } }, owner, $0)
    }
  }
}
