internal import Crypto

/// SHA-256 as 64 lower-case hexadecimal digits, as `sha256sum` prints it.
package enum SHA256 {
  package static func hexadecimalDigest(of bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { hexadecimalDigest(of: $0) }
  }

  package static func hexadecimalDigest(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = Crypto.SHA256()
    hash.update(bufferPointer: bytes)
    return hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
