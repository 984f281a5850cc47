internal import CTorch
import Foundation

/// A file mapped into memory: tensors can lie in it without a copy, and several processes share its pages.
///
/// The mapping is private: who writes to it, as an optimiser does, writes to a copy of the page and not to the file.
/// Whoever shortens the file meanwhile ends this process, as with every mapped file; replace files by renaming.
package final class MappedFile: Sendable {
  package let path: String
  package let count: Int
  nonisolated(unsafe) let base: UnsafeRawPointer

  /// Fails with a sentence where the file is missing, unreadable, a folder or empty.
  package init(_ url: URL) throws(TorchError) {
    path = url.path
    let place = InputLocation(file: path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe must not block
    guard descriptor >= 0 else {
      throw TorchError(.badInput, "cannot be opened (\(Self.reason)); check the path and its permissions", at: place)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      throw TorchError(.badInput, "is empty or not a file; give a file with tensors", at: place)
    }
    count = Int(status.st_size)
    // Without a reservation: a checkpoint larger than the memory can be read too.
    let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw TorchError(.failed, "cannot be mapped into memory (\(Self.reason))", at: place)
    }
    base = UnsafeRawPointer(address)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: base), count) }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Drops the whole pages of a range from this process's memory; what was written to them is lost.
  package func forget(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (first, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }

  private static var reason: String { String(cString: strerror(errno)) }
}

extension MappedFile {
  /// The numbers in a range of the file, of which `shape` and `dtype` take up all: a tensor that lies in the mapping and
  /// keeps it alive, or a copy where the range is not aligned.
  package func tensor(_ range: Range<Int>, shape: [Int], dtype: DType) throws(TorchError) -> Tensor {
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
