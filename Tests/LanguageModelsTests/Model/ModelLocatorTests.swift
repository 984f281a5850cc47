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
    #expect(error.description.contains("2 snapshots") && error.description.contains("aaa, bbb"))
    #expect(error.description.contains("someone/tiny@aaa"))
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

  @Test("A directory is used under any name")
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

  // MARK: Revisions

  private let commits = [String(repeating: "a", count: 40), "aaaaaaabbb" + String(repeating: "c", count: 30)]

  @Test("A branch, a tag, a whole commit or its beginning name a snapshot, and the name keeps it")
  func findsRevisions() throws {
    let folder = try cache(revisions: commits, main: commits[0])
    try folder.write(commits[1], to: "hub/models--someone--tiny/refs/pr/3")
    let environment = ["HF_HOME": folder.url.path]
    for (revision, commit) in [
      ("main", commits[0]), ("pr/3", commits[1]), (commits[1], commits[1]), ("aaaaaaabb", commits[1]),
    ] {
      let found = try ModelLocator.directory(for: "someone/tiny@\(revision)", environment: environment)
      #expect(found.lastPathComponent == commit, "\(revision)")
      #expect(
        HubSnapshots.commit(of: found) == commit && HubSnapshots.commit(of: found.appending(path: "m.gguf")) == commit)
    }
    #expect(HubSnapshots.commit(of: folder.url) == nil)
  }

  @Test("A revision that is not there, or not one only, is refused with the line that fetches it")
  func refusesMissingRevisions() throws {
    let folder = try cache(revisions: commits, main: commits[0])
    let environment = ["HF_HOME": folder.url.path]
    for revision in ["v2", "aaaaaaa", "aaa", "ffffffff"] {
      let error = try refusal {
        try ModelLocator.directory(for: "someone/tiny@\(revision)", environment: environment)
      }
      #expect(error.description.contains("hf download someone/tiny --revision \(revision)"), "\(error)")
    }
    for revision in ["", "..", "../main", "a b", "x/../y", "/etc"] {
      let error = try refusal {
        try ModelLocator.directory(for: "someone/tiny@\(revision)", environment: environment)
      }
      #expect(error.description.contains("check the name"), "\(revision)")
    }
  }

  // MARK: What there is

  @Test("The list has every snapshot of the cache, what was fetched and the embedded models, and why one does not open")
  func lists() throws {
    let folder = try cache(revisions: ["aaa"], main: "aaa")
    let source = GoldenModel.repository.appending(path: "Tests/Fixtures/models/tiny-qwen2")
    let whole = folder.url.appending(path: "hub/models--some--qwen2--x/snapshots/bbb")
    try FileManager.default.createDirectory(
      at: whole.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: source, to: whole)
    try folder.write("no model", to: "own/models/bad.gguf")
    let environment = [
      "HF_HOME": folder.url.path, "TELLTALE_CACHE": folder.url.appending(path: "own").path,
      "TELLTALE_MODELS": GoldenModel.repository.appending(path: "Models").path,
    ]
    let models = ModelLocator.models(environment: environment)
    #expect(
      models.map(\.name) == [
        "some/qwen2--x@bbb", "someone/tiny@aaa", folder.url.appending(path: "own/models/bad.gguf").path,
        "organism-shared", "organism-split", "organism-hard",
      ])
    #expect(models.map(\.opens) == [true, false, false, true, true, true])
    #expect(models[0].family == "Qwen2" && models[0].references.isEmpty && models[1].references == ["main"])
    #expect(models[0].bytes > 100_000 && (models[0].parameters ?? 0) > 10_000)
    #expect(models[1].problem?.contains("config.json") == true && models[2].problem?.contains("GGUF") == true)
  }
}
