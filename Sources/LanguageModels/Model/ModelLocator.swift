import Foundation
import Foundations
import Torch

/// Finds what `--model` means: a directory or a GGUF file, a Hugging Face id in the local cache (with `@` and a revision, if
/// one is meant), an embedded model, or one that `scripts/fetch-model` fetches.
public enum ModelLocator {
  /// Names of the models that come with Telltale.
  public static let embedded = ["organism-shared", "organism-split", "organism-hard"]

  /// The directory of a checkpoint, or a GGUF file.
  public static func directory(
    for name: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TelltaleError) -> URL {
    if isDirectory(name) { return try local(name, environment) }
    if isGGUF(URL(fileURLWithPath: name)) { return URL(fileURLWithPath: name) }
    return try named(name, environment)
  }

  /// A folder of that name; where it holds no model and the name is also that of one that is known, that one.
  private static func local(_ name: String, _ environment: [String: String]) throws(TelltaleError) -> URL {
    let folder = URL(fileURLWithPath: name, isDirectory: true)
    let isName = fetched[name] != nil || embedded.contains(name) || HubID(name) != nil
    guard isName, !holdsModel(folder) else { return try model(in: folder) }
    do { return try named(name, environment) } catch {
      throw TelltaleError(
        .badInput,
        "is a folder without a model that has the name of one, which is not available either: \(error.message)",
        at: InputLocation(file: folder.path))
    }
  }

  private static func holdsModel(_ folder: URL) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let files: Set<String> = ["config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json"]
    return names.contains { files.contains($0) || $0.hasSuffix(".safetensors") || $0.lowercased().hasSuffix(".gguf") }
  }

  /// What a name means that is no file: a fetched or an embedded model, or one in the Hugging Face cache.
  private static func named(_ name: String, _ environment: [String: String]) throws(TelltaleError) -> URL {
    if let file = fetched[name] { return try fetchedFile(name, file, environment) }
    if embedded.contains(name) { return try embeddedDirectory(name, environment) }
    if let id = HubID(name) { return try model(in: HubSnapshots(environment).snapshot(of: id)) }
    throw TelltaleError(
      .badInput,
      "\"\(SafeText.quoted(name))\" is neither a directory, a GGUF file nor a Hugging Face id (owner/name or "
        + "owner/name@revision) nor one of "
        + (embedded + fetched.keys.sorted()).joined(separator: ", ") + "; check the name", remedy: .chooseModel)
  }

  // MARK: GGUF

  /// Whether it is a file whose name ends in .gguf.
  static func isGGUF(_ url: URL) -> Bool {
    var directory: ObjCBool = false
    return url.pathExtension.lowercased() == "gguf"
      && FileManager.default.fileExists(atPath: url.path, isDirectory: &directory) && !directory.boolValue
  }

  /// A directory itself, or the one GGUF model in it where it holds no checkpoint.
  static func model(in directory: URL) throws(TelltaleError) -> URL {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    let files = names.filter { $0.lowercased().hasSuffix(".gguf") }.sorted()
    // Of a split model the first part stands for all.
    let models = files.filter {
      $0.range(of: "-000(0[2-9]|[1-9][0-9])-of-[0-9]+\\.gguf$", options: .regularExpression) == nil
    }
    guard !names.contains("config.json"), let first = models.first else { return directory }
    guard models.count == 1 else {
      throw TelltaleError(
        .badInput, "holds \(models.count) GGUF models; name one of them: \(models.prefix(20).joined(separator: ", "))",
        at: InputLocation(file: directory.path))
    }
    return directory.appendingPathComponent(first)
  }

  /// What `scripts/fetch-model` puts into the cache, by name.
  public static let fetched = [
    "smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma3-270m": "gemma-3-270m-q4_k_m.gguf",
  ]

  /// Where `scripts/fetch-model` puts files.
  static func fetchedFolder(_ environment: [String: String]) -> URL {
    let cache = environment["TELLTALE_CACHE"] ?? HubCache.home(environment) + "/.cache/telltale"
    return URL(fileURLWithPath: cache, isDirectory: true).appendingPathComponent("models")
  }

  private static func fetchedFile(
    _ name: String, _ file: String, _ environment: [String: String]
  ) throws(TelltaleError) -> URL {
    let url = fetchedFolder(environment).appendingPathComponent(file)
    guard isGGUF(url) else {
      throw TelltaleError(.badInput, "\(name) is not in the cache; fetch it with: scripts/fetch-model \(name)")
    }
    return url
  }

  // MARK: Embedded models

  private static func embeddedDirectory(
    _ name: String, _ environment: [String: String]
  ) throws(TelltaleError) -> URL {
    for folder in embeddedFolders(environment) {
      let candidate = folder.appendingPathComponent(name, isDirectory: true)
      if isDirectory(candidate.path) { return candidate }
    }
    throw TelltaleError(
      .badInput,
      "the embedded model \(name) was not found; run from the checkout, or set TELLTALE_MODELS to its Models folder")
  }

  /// `$TELLTALE_MODELS`, then `Models` in the working directory, then next to or above the executable.
  private static func embeddedFolders(_ environment: [String: String]) -> [URL] {
    var folders: [URL] = []
    if let named = environment["TELLTALE_MODELS"] { folders.append(URL(fileURLWithPath: named, isDirectory: true)) }
    folders.append(URL(fileURLWithPath: "Models", isDirectory: true))
    var above = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while above.path != "/" {
      folders.append(above.appendingPathComponent("Models", isDirectory: true))
      above.deleteLastPathComponent()
    }
    return folders
  }

  /// Where Hugging Face keeps what it downloaded.
  public static func hubFolder(_ environment: [String: String]) -> URL { HubCache.folder(environment) }

  static func isDirectory(_ path: String) -> Bool {
    var directory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &directory) && directory.boolValue
  }
}
