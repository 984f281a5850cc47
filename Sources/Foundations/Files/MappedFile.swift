import Foundation

/// A file mapped into memory: tensors can lie in it without a copy, and several processes share its pages.
///
/// The mapping is private: who writes to it, as an optimiser does, writes to a copy of the page and not to the file.
/// Whoever shortens the file meanwhile ends this process, as with every mapped file (`MappedFiles` says so in a sentence);
/// replace files by renaming.
package final class MappedFile: Sendable {
  package let path: String
  package let count: Int
  package nonisolated(unsafe) let base: UnsafeRawPointer

  /// Fails with a sentence where the file is missing, unreadable, a folder or empty.
  package init(_ url: URL) throws(TelltaleError) {
    path = url.path
    let place = InputLocation(file: path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe must not block
    guard descriptor >= 0 else {
      let reason = SystemReason.last
      throw TelltaleError(reason.code, "cannot be opened (\(reason)); \(reason.remedy)", at: place)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      throw TelltaleError(.badInput, "is empty or not a file; give a file with tensors", at: place)
    }
    count = Int(status.st_size)
    // Without a reservation: a checkpoint larger than the memory can be read too.
    let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw TelltaleError(.failed, "cannot be mapped into memory (\(SystemReason.last))", at: place)
    }
    base = UnsafeRawPointer(address)
    MappedFiles.add(path, base, count, MappedFiles.Identity(status))
  }

  deinit {
    MappedFiles.remove(base)
    munmap(UnsafeMutableRawPointer(mutating: base), count)
  }

  /// The bytes, for as long as `body` runs: the mapping ends with this object.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Valid as long as this object is.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Drops the whole pages of a range from this process's memory; what was written to them is lost.
  package func forget(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (first, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }
}
