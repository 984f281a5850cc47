import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

@Suite("SHA-256 of files")
struct FileDigestTests {
  @Test(
    "The examples of the standard (FIPS 180-4), by the processor's instructions and without",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func standard(_ text: String, _ digest: String) {
    #expect(FileDigest.sha256(Data(text.utf8)) == digest)
    let plain = Array(text.utf8).withUnsafeBytes { FileDigest.sha256($0, plain: true) }
    #expect(plain == digest)
  }

  @Test("Every length around a block agrees with the implementation that needs no C++") func lengths() {
    var generator = SeededGenerator(seed: 3)
    for count in Array(0...130) + [1_000, 4_096, 10_007] {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let expected = SHA256.hexadecimalDigest(of: bytes)
      let found = bytes.withUnsafeBytes { (FileDigest.sha256($0), FileDigest.sha256($0, plain: true)) }
      #expect(found == (expected, expected), "\(count) bytes")
    }
  }

  @Test("A file that changed is read again, however often it was found right before") func changes() throws {
    let folder = try ScratchFolder()
    let file = try folder.write("one", to: "file")
    let digest = FileDigest.sha256(Data("one".utf8))
    #expect(try FileDigest.matches(file, digest) && FileDigest.matches(file, digest))
    try Data("two".utf8).write(to: file)
    #expect(try !FileDigest.matches(file, digest))
    #expect(try FileDigest.sha256(folder.write("", to: "empty")) == FileDigest.sha256(Data()))
  }
}
