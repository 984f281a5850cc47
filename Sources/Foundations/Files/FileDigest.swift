import Foundation
import Synchronization

/// SHA-256 of files: what checks a stored run whenever it is read.
package enum FileDigest {
  /// The digest of a file's bytes as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
  package static func sha256(_ url: URL) throws(TelltaleError) -> String {
    if (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) == 0 { return sha256(Data()) }
    return try MappedFile(url).withBytes { SHA256.hexadecimalDigest(of: $0) }
  }

  /// Files that were found to have a digest, as they are now: each is read once a process, however often it is asked for.
  private static let known = Mutex<[MappedFiles.Identity: String]>([:])
  private static let mostKnown = 1 << 20

  /// Whether a file has this digest.
  package static func matches(_ url: URL, _ digest: String) throws(TelltaleError) -> Bool {
    let identity = MappedFiles.Identity(url.path)
    if let identity, known.withLock({ $0[identity] }) == digest { return true }
    guard try sha256(url) == digest else { return false }
    known.withLock { known in
      if known.count >= mostKnown { known = [:] }
      if let identity { known[identity] = digest }
    }
    return true
  }

  package static func sha256(_ data: Data) -> String { data.withUnsafeBytes { SHA256.hexadecimalDigest(of: $0) } }
}
