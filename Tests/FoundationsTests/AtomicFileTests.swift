import Foundation
import TestSupport
import Testing

@testable import Foundations

@Suite("Files that appear whole or not at all")
struct AtomicFileTests {
  @Test("A file is written, and written over")
  func writing() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.txt")
      for text in ["first", ""] {
        try AtomicFile.write(Data(text.utf8), to: url)
        #expect(try String(contentsOf: url, encoding: .utf8) == text)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == ["a.txt"])
    }
  }

  @Test("A body that throws leaves the old file and no temporary file")
  func throwingBody() throws {
    struct Stop: Error {}
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.txt")
      try AtomicFile.write(Data("old".utf8), to: url)
      expectError(.failed, containing: "a.txt") {
        try AtomicFile.write(to: url) {
          try $0.write(contentsOf: Data("new".utf8))
          throw Stop()
        }
      }
      expectError(.badInput, containing: "mine") {
        try AtomicFile.write(to: url) { _ in throw TelltaleError(.badInput, "this one is mine") }
      }
      #expect(try String(contentsOf: url, encoding: .utf8) == "old")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == ["a.txt"])
    }
  }

  @Test("A full disk is called one", .enabled(if: FileManager.default.isWritableFile(atPath: "/dev/full")))
  func fullDisk() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.txt")
      expectError(.failed, containing: "the disk is full") {
        try AtomicFile.write(to: url) { _ in
          // The device that fails every write as a full disk does.
          try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full")).write(contentsOf: Data("x".utf8))
        }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == [])
    }
  }

  @Test("A folder, a missing folder and a name too long are refused with the path")
  func wrongPlaces() throws {
    try withTemporaryFolder { folder in
      expectError(.badInput, containing: "is a folder") { try AtomicFile.write(Data(), to: folder) }
      let missing = folder.appendingPathComponent("no/such/a.txt")
      expectError(.badInput, containing: "no/such/a.txt") { try AtomicFile.write(Data(), to: missing) }
      let long = folder.appendingPathComponent(String(repeating: "x", count: 300))
      expectError(.badInput, containing: "too long") { try AtomicFile.write(Data(), to: long) }
      // A folder in which not even root may make a file.
      expectError(.badInput) { try AtomicFile.write(Data(), to: URL(fileURLWithPath: "/proc/a.txt")) }
      let notAFolder = folder.appendingPathComponent("file")
      try Data().write(to: notAFolder)
      expectError(.badInput) { try AtomicFile.write(Data(), to: notAFolder.appendingPathComponent("a.txt")) }
    }
  }

  @Test("A folder without permission is refused", .enabled(if: geteuid() != 0, "root may write everywhere"))
  func unwritableFolder() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path) }
      expectError(.badInput, containing: "Permission denied") {
        try AtomicFile.write(Data(), to: folder.appendingPathComponent("a.txt"))
      }
    }
  }
}
