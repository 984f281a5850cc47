import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// What `--model` may name: a directory, a Hugging Face id in the local cache, an embedded model.
@Suite struct ModelLocatorTests {
  /// A cache with one model in Hugging Face's layout, its files links to blobs.
  private func cache(revisions: [String], main: String?) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let repository = "hub/models--someone--tiny"
    for revision in revisions {
      try folder.write("{}", to: "\(repository)/blobs/\(revision)-config")
      try folder.write("", to: "\(repository)/snapshots/\(revision)/.keep")
      try FileManager.default.createSymbolicLink(
        atPath: folder.url.appending(path: "\(repository)/snapshots/\(revision)/config.json").path,
        withDestinationPath: "../../blobs/\(revision)-config")
    }
    if let main { try folder.write(main, to: "\(repository)/refs/main") }
    return folder
  }

  private func found(_ folder: ScratchFolder, _ environment: [String: String]) throws -> String {
    let directory = try ModelLocator.directory(for: "someone/tiny", environment: environment)
    #expect(directory.path.hasPrefix(folder.url.path))
    #expect(FileManager.default.fileExists(atPath: directory.appending(path: "config.json").path))
    return directory.lastPathComponent
  }

  @Test("The snapshot of refs/main is found under HF_HOME")
  func findsMainUnderHome() throws {
    let folder = try cache(revisions: ["aaa", "bbb"], main: "bbb\n")
    #expect(try found(folder, ["HF_HOME": folder.url.path]) == "bbb")
  }

  @Test("HF_HUB_CACHE wins over HF_HOME")
  func prefersHubCache() throws {
    let folder = try cache(revisions: ["aaa"], main: "aaa")
    let environment = ["HF_HUB_CACHE": folder.url.appending(path: "hub").path, "HF_HOME": "/nowhere"]
    #expect(try found(folder, environment) == "aaa")
  }

  @Test("Without refs/main the only snapshot is meant, and of several none")
  func findsTheOnlySnapshot() throws {
    let one = try cache(revisions: ["aaa"], main: nil)
    #expect(try found(one, ["HF_HOME": one.url.path]) == "aaa")
    let several = try cache(revisions: ["aaa", "bbb"], main: nil)
    let error = try refusal {
      try ModelLocator.directory(for: "someone/tiny", environment: ["HF_HOME": several.url.path])
    }
    #expect(error.description.contains("hf download someone/tiny"))
    for name in ["snapshots/aaa", "snapshots/bbb"] { #expect(error.description.contains(name)) }
  }

  @Test("A refs/main that leads out of the snapshots is not followed", arguments: ["..", ".", "../..", "/etc", ""])
  func staysInTheCache(_ reference: String) throws {
    let folder = try cache(revisions: ["aaa", "bbb"], main: reference)
    let environment = ["HF_HOME": folder.url.path]
    let error = try refusal { try ModelLocator.directory(for: "someone/tiny", environment: environment) }
    #expect(error.description.contains("hf download someone/tiny"))
  }

  @Test("A model that is not in the cache is refused with the line that fetches it")
  func saysHowToFetch() throws {
    let folder = try ScratchFolder()
    let error = try refusal {
      try ModelLocator.directory(for: "HuggingFaceH4/zephyr-7b-beta", environment: ["HF_HOME": folder.url.path])
    }
    #expect(error.description.contains("hf download HuggingFaceH4/zephyr-7b-beta"))
  }

  @Test(
    "What is no directory and no id is refused without a fetch line",
    arguments: ["", "tiny", "a/b/c", "../up", "./here", "a/..", "/nowhere/model", "a b/c", "a/b;rm", "é/x"])
  func refusesOtherNames(_ name: String) throws {
    let error = try refusal { try ModelLocator.directory(for: name, environment: ["HF_HOME": "/nowhere"]) }
    #expect(error.description.contains("check the name") && !error.description.contains("hf download"))
  }

  @Test("A directory is taken as it is, whatever its name")
  func takesDirectories() throws {
    let folder = try ScratchFolder()
    #expect(try ModelLocator.directory(for: folder.url.path, environment: [:]).path == folder.url.path)
  }

  @Test("Embedded models are found under TELLTALE_MODELS")
  func findsEmbeddedModels() throws {
    let folder = try ScratchFolder()
    try folder.write("{}", to: "organism-split/config.json")
    let environment = ["TELLTALE_MODELS": folder.url.path]
    let found = try ModelLocator.directory(for: "organism-split", environment: environment)
    #expect(found.path == folder.url.appending(path: "organism-split").path)
  }
}
