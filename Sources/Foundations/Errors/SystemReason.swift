import Foundation

/// Why a system call failed, in the system's words, and whose turn it is.
package struct SystemReason: CustomStringConvertible, Sendable {
  package let number: Int32

  package init(_ number: Int32) { self.number = number }

  /// Of the call that failed last on this thread.
  package static var last: SystemReason { SystemReason(errno) }

  package var description: String { String(cString: strerror(number)) }

  /// Whether the machine lacks something, which no other path and no permission remedies.
  package var isOfMachine: Bool { [EMFILE, ENFILE, ENOMEM, ENOBUFS, EIO, ENOSPC, EDQUOT].contains(number) }

  package var code: TelltaleError.Code { isOfMachine ? .failed : .badInput }

  package var remedy: String {
    switch number {
    case EMFILE: "raise the limit on open files (ulimit -n)"
    case ENFILE: "close other programs, or raise the system's limit on open files"
    case ENOSPC, EDQUOT: "make room on the disk"
    case EIO: "check the disk"
    case ENOMEM, ENOBUFS: "free some memory"
    default: "check the path and its permissions"
    }
  }

  /// A file system that knows no locks, which is not "locked by another".
  package var isLackOfLocks: Bool { [ENOSYS, ENOTSUP, EOPNOTSUPP, ENOLCK, EINVAL].contains(number) }
}
