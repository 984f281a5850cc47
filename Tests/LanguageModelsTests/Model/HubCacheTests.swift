import Foundation
import Foundations
import TestSupport
import Testing

@testable import LanguageModels

/// Where huggingface_hub 0.36 looks (`constants.HF_HUB_CACHE`), and what a cache or a folder may lack.
@Suite struct HubCacheTests {
  @Test(
    "The cache is where huggingface_hub has it",
    arguments: [
      (["HOME": "/h"], "/h/.cache/huggingface/hub"), (["HOME": "/h", "XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
      (["HOME": "/h", "HF_HOME": "~/hf"], "/h/hf/hub"), (["D": "/d", "HF_HOME": "$D/hf"], "/d/hf/hub"),
      (["D": "/d", "HF_HOME": "${D}/hf"], "/d/hf/hub"), (["HF_HOME": "/a", "HUGGINGFACE_HUB_CACHE": "/b"], "/b"),
      (["HUGGINGFACE_HUB_CACHE": "/b", "HF_HUB_CACHE": "/c"], "/c"), (["HOME": "/h", "HF_HUB_CACHE": "~/c"], "/h/c"),
      (["HF_HOME": "/a", "XDG_CACHE_HOME": "/x"], "/a/hub"), (["HF_HUB_CACHE": "/c/$NONE"], "/c/$NONE"),
      (["HOME": "/h", "HF_HUB_CACHE": "$HOME/c"], "/h/c"), (["HOME": "/h/", "HF_HOME": "~"], "/h/hub"),
    ] as [([String: String], String)])
  func folders(_ environment: [String: String], _ expected: String) {
    #expect(ModelLocator.hubFolder(environment).path == expected, "\(environment)")
  }

  private func cache() throws -> (folder: ScratchFolder, snapshots: URL, environment: [String: String]) {
    let folder = try ScratchFolder()
    let snapshots = folder.url.appending(path: "models--someone--tiny/snapshots")
    try FileManager.default.createDirectory(at: snapshots, withIntermediateDirectories: true)
    return (folder, snapshots, ["HF_HUB_CACHE": folder.url.path])
  }

  private func copyModel(to url: URL, names: (String) -> Bool) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let source = Fixtures.file("models/tiny-llama")
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where names(name) {
      try FileManager.default.copyItem(at: source.appending(path: name), to: url.appending(path: name))
    }
  }

  @Test("A snapshot of refs/main without weights names the one that has them")
  func otherSnapshot() throws {
    let (folder, snapshots, environment) = try cache()
    try copyModel(to: snapshots.appending(path: "old")) { _ in true }
    try copyModel(to: snapshots.appending(path: "new")) { $0.hasPrefix("tok") }
    try folder.write("new", to: "models--someone--tiny/refs/main")
    let error = try loadRefusal(environment)
    #expect(error.description.contains("snapshots/old has it"), "\(error)")
  }

  private func loadRefusal(_ environment: [String: String]) throws -> TelltaleError {
    try refusal { try LanguageModel.load(ModelLocator.directory(for: "someone/tiny", environment: environment)) }
  }

  @Test("A download that did not finish is called so")
  func unfinished() throws {
    let (folder, snapshots, environment) = try cache()
    let snapshot = snapshots.appending(path: "x")
    try copyModel(to: snapshot) { $0 != "model.safetensors" && !$0.hasPrefix("golden") }
    try FileManager.default.createSymbolicLink(
      atPath: snapshot.appending(path: "model.safetensors").path, withDestinationPath: "../../blobs/q.incomplete")
    try folder.write("x", to: "models--someone--tiny/refs/main")
    let error = try loadRefusal(environment)
    #expect(error.description.contains("did not finish") && error.description.contains("model.safetensors"), "\(error)")
  }

  @Test("A download of which only a blob has come is called so")
  func unfinishedBlob() throws {
    let (folder, snapshots, environment) = try cache()
    try copyModel(to: snapshots.appending(path: "x")) { $0 != "model.safetensors" && !$0.hasPrefix("golden") }
    try folder.write("x", to: "models--someone--tiny/refs/main")
    try folder.write("half", to: "models--someone--tiny/blobs/q.incomplete")
    let error = try loadRefusal(environment)
    #expect(error.description.contains("did not finish") && error.description.contains("snapshots/x"), "\(error)")
  }

  @Test("A folder with a part of a model says that the cache has one of its name")
  func partialShadow() throws {
    let (_, snapshots, environment) = try cache()
    try copyModel(to: snapshots.appending(path: "x")) { _ in true }
    let work = try ScratchFolder()
    try work.write("{}", to: "someone/tiny/config.json")
    let outcome = try Binary.run(
      ["tokenize", "--model", "someone/tiny", "--file", "-"], input: #"{"text": "a"}"#, in: work,
      environment: environment)
    #expect(
      outcome.code == 2 && outcome.errors.contains("the Hugging Face cache has a model of this name"), "\(outcome)")
  }

  @Test("An empty folder of a model's name does not hide the model, and is spoken of where there is none")
  func shadows() throws {
    let (cacheFolder, snapshots, environment) = try cache()
    try copyModel(to: snapshots.appending(path: "x")) { _ in true }
    let work = try ScratchFolder()
    for name in ["someone/tiny", "nobody/tiny", "organism-shared"] {
      try FileManager.default.createDirectory(at: work.url.appending(path: name), withIntermediateDirectories: true)
    }
    func tokenize(_ name: String) throws -> Binary.Outcome {
      try Binary.run(
        ["tokenize", "--model", name, "--file", "-"], input: #"{"text": "a"}"#, in: work, environment: environment)
    }
    #expect(try tokenize("someone/tiny").code == 0)
    #expect(try tokenize("organism-shared").code == 0)
    let none = try tokenize("nobody/tiny")
    #expect(none.code == 2 && none.errors.contains("folder without a model"), "\(none)")
    #expect(none.errors.contains("hf download nobody/tiny"))
    withExtendedLifetime(cacheFolder) {}
  }
}
