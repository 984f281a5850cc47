import Foundation

/// Where huggingface_hub keeps what it downloads, told from the environment as its `constants.py` does.
package enum HubCache {
  /// `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `HF_HOME/hub`, else `XDG_CACHE_HOME/huggingface/hub`, else
  /// `~/.cache/huggingface/hub`; `~` and `$VAR` stand for what they mean in a shell.
  package static func folder(_ environment: [String: String]) -> URL {
    let caches = environment["XDG_CACHE_HOME"] ?? expandingUser("~/.cache", environment)
    let home = expanding(environment["HF_HOME"] ?? joined(caches, "huggingface"), environment)
    let hub = environment["HUGGINGFACE_HUB_CACHE"] ?? joined(home, "hub")
    let path = expanding(environment["HF_HUB_CACHE"] ?? hub, environment)
    return URL(fileURLWithPath: path.isEmpty ? "." : path, isDirectory: true)
  }

  /// The home directory: `$HOME`, or what the system says where that is not set.
  package static func home(_ environment: [String: String]) -> String { environment["HOME"] ?? NSHomeDirectory() }

  private static func joined(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  private static func expanding(_ path: String, _ environment: [String: String]) -> String {
    expandingVariables(expandingUser(path, environment), environment)
  }

  /// `~` and `~name` at the beginning, as `os.path.expanduser`; a user who is not there stays as written.
  private static func expandingUser(_ path: String, _ environment: [String: String]) -> String {
    guard path.hasPrefix("~") else { return path }
    let name = path.dropFirst().prefix { $0 != "/" }
    let rest = path.dropFirst(1 + name.count)
    guard let home = name.isEmpty ? home(environment) : NSHomeDirectoryForUser(String(name)) else { return path }
    return (home.hasSuffix("/") ? String(home.dropLast()) : home) + rest
  }

  /// `$NAME` and `${NAME}`, as `os.path.expandvars`; variables that are not set stay as written.
  private static func expandingVariables(_ path: String, _ environment: [String: String]) -> String {
    path.replacing(#/\$(?:(\w+)|\{([^}]*)\})/#.asciiOnlyWordCharacters()) { match in
      environment[String(match.1 ?? match.2 ?? "")] ?? String(match.0)
    }
  }

  // MARK: What is missing

  /// Why a file may be missing from a folder of the cache, and what to do; nil where nothing tells.
  package static func reasonForMissing(_ names: [String], in directory: URL) -> String? {
    if let name = names.first(where: { isUnfinished(directory.appendingPathComponent($0)) }) {
      return
        "the download of \(SafeText.quoted(name)) did not finish: it is a link to a file that is not there; fetch the "
        + "model again"
    }
    let snapshots = directory.standardizedFileURL.deletingLastPathComponent()
    guard snapshots.lastPathComponent == "snapshots" else { return shadowed(by: directory) }
    let others = (try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []
    let whole = others.sorted().map { snapshots.appendingPathComponent($0, isDirectory: true) }.first { other in
      names.contains { FileManager.default.fileExists(atPath: other.appendingPathComponent($0).path) }
    }
    if let whole { return "the snapshot \(whole.path) has it: name that folder, or fetch the model again" }
    return hasUnfinishedBlob(snapshots)
      ? "a download of this model did not finish (its blobs folder holds .incomplete files); fetch the model again"
      : nil
  }

  /// huggingface_hub downloads to `blobs/NAME.incomplete` and makes the link in the snapshot at the end.
  private static func hasUnfinishedBlob(_ snapshots: URL) -> Bool {
    let blobs = snapshots.deletingLastPathComponent().appendingPathComponent("blobs")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: blobs.path)) ?? []
    return names.contains { $0.hasSuffix(".incomplete") }
  }

  /// Of a folder `owner/name` that lies where the command runs, and for which a model of the cache was not looked at.
  private static func shadowed(by directory: URL) -> String? {
    let parts = directory.standardizedFileURL.pathComponents.suffix(2)
    let model = folder(ProcessInfo.processInfo.environment)
      .appendingPathComponent("models--\(parts.joined(separator: "--"))/snapshots")
    guard parts.count == 2, FileManager.default.fileExists(atPath: model.path) else { return nil }
    return "the Hugging Face cache has a model of this name: rename the folder to use that"
  }

  /// Whether it is a link of the cache to a file that is not there: the link may be made before its download ends.
  private static func isUnfinished(_ url: URL) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)) != nil
      && !FileManager.default.fileExists(atPath: url.path)
  }
}
