import Foundation
import Foundations
import TestSupport
import Testing

@Suite("SHA-256 of files")
struct FileDigestTests {
  @Test(
    "The examples of the standard (FIPS 180-4)",
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
  }

  @Test("A file that changed is read again, however often it was found right before")
  func changes() throws {
    let folder = try ScratchFolder()
    let file = try folder.write("one", to: "file")
    let digest = FileDigest.sha256(Data("one".utf8))
    #expect(try FileDigest.matches(file, digest) && FileDigest.matches(file, digest))
    try Data("two".utf8).write(to: file)
    #expect(try !FileDigest.matches(file, digest))
    #expect(try FileDigest.sha256(folder.write("", to: "empty")) == FileDigest.sha256(Data()))
  }
}
