import Foundation

/// A file mapped read-only into memory: tensors can lie in it without a copy, and several processes share its pages.
final class MappedFile: Sendable {
  let path: String
  let count: Int
  nonisolated(unsafe) let base: UnsafeRawPointer

  /// Fails with a sentence where the file is missing, unreadable, a folder or empty.
  init(_ url: URL) throws(TorchError) {
    path = url.path
    let place = InputLocation(file: path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TorchError(.badInput, "cannot be opened (\(Self.reason)); check the path and its permissions", at: place)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      throw TorchError(.badInput, "is empty or not a file; give a file with tensors", at: place)
    }
    count = Int(status.st_size)
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw TorchError(.failed, "cannot be mapped into memory (\(Self.reason))", at: place)
    }
    base = UnsafeRawPointer(address)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: base), count) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  private static var reason: String { String(cString: strerror(errno)) }
}
