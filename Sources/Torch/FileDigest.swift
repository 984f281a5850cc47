internal import CTorch
import Foundation
import Foundations
import Synchronization

/// SHA-256 of large files, by the processor's instructions for it: what checks a stored run whenever it is read.
///
/// `SHA256` of Foundations gives the same and needs no C++; it is many times slower.
package enum FileDigest {
  /// The digest of a file's bytes as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
  package static func sha256(_ url: URL) throws(TelltaleError) -> String {
    if (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) == 0 { return sha256(Data()) }
    return sha256(try MappedFile(url).bytes)
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

  package static func sha256(_ data: Data) -> String { data.withUnsafeBytes { sha256($0) } }

  /// - Parameter plain: keeps to the code for any processor.
  package static func sha256(_ bytes: UnsafeRawBufferPointer, plain: Bool = false) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    ct_sha256(bytes.baseAddress, Int64(bytes.count), plain, &digest)
    return digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
