import Foundation
import Foundations
import Torch

/// Finds the directory that `--model` means: a directory, a Hugging Face id in the local cache, or an embedded model.
public enum ModelLocator {
  /// Names of the models that come with Telltale.
  public static let embedded = ["organism-shared", "organism-split"]

  public static func directory(
    for name: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TelltaleError) -> URL {
    if isDirectory(name) { return URL(fileURLWithPath: name, isDirectory: true) }
    if embedded.contains(name) { return try embeddedDirectory(name, environment) }
    if isRepositoryID(name) { return try cachedDirectory(name, environment) }
    throw TelltaleError(
      .badInput,
      "\"\(name.prefix(200))\" is neither a directory nor a Hugging Face id (owner/name) nor one of "
        + embedded.joined(separator: ", ") + "; check the name", remedy: .chooseModel)
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

  /// `$TELLTALE_MODELS`, then `Models` in the working directory, then beside or above the executable.
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

  // MARK: The Hugging Face cache

  private static func isRepositoryID(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, name.utf8.count <= 200 else { return false }
    return parts.allSatisfy { part in
      !part.isEmpty && !part.hasPrefix(".")
        && part.utf8.allSatisfy {
          $0 == 45 || $0 == 46 || $0 == 95 || ($0 < 128 && Character(UnicodeScalar($0)).isLetter)
            || (48...57).contains($0)
        }
    }
  }

  private static func cachedDirectory(
    _ name: String, _ environment: [String: String]
  ) throws(TelltaleError) -> URL {
    let repository = hubFolder(environment)
      .appendingPathComponent("models--" + name.replacingOccurrences(of: "/", with: "--"), isDirectory: true)
    if let snapshot = snapshot(of: repository) { return snapshot }
    throw TelltaleError(.badInput, "\(name) is not in the local Hugging Face cache; fetch it with: hf download \(name)")
  }

  /// Where Hugging Face keeps what it downloaded: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`.
  public static func hubFolder(_ environment: [String: String]) -> URL {
    if let hub = environment["HF_HUB_CACHE"] { return URL(fileURLWithPath: hub, isDirectory: true) }
    if let home = environment["HF_HOME"] {
      return URL(fileURLWithPath: home, isDirectory: true).appendingPathComponent("hub")
    }
    return URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(".cache/huggingface/hub", isDirectory: true)
  }

  /// The snapshot that `refs/main` names, else the only one there is.
  private static func snapshot(of repository: URL) -> URL? {
    let snapshots = repository.appendingPathComponent("snapshots", isDirectory: true)
    if let revision = try? String(contentsOf: repository.appendingPathComponent("refs/main"), encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines), !revision.contains("/"), !revision.hasPrefix(".")
    {
      let named = snapshots.appendingPathComponent(revision, isDirectory: true)
      if isDirectory(named.path), !revision.isEmpty { return named }
    }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []
    return all.count == 1 ? snapshots.appendingPathComponent(all[0], isDirectory: true) : nil
  }

  private static func isDirectory(_ path: String) -> Bool {
    var directory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &directory) && directory.boolValue
  }
}
