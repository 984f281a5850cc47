import Foundation
import Foundations

/// A Hugging Face id, `owner/name`, with the revision that is meant, as in `owner/name@main`.
struct HubID: Equatable {
  let repository: String
  /// A branch, a tag or a commit; nil: what `main` is, or the only one there is.
  let revision: String?

  /// nil for what is no id.
  init?(_ text: String) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, text.utf8.count <= 400, names.allSatisfy({ Self.isName($0) }) else { return nil }
    if parts.count == 2 { guard Self.isRevision(parts[1]) else { return nil } }
    repository = parts[0]
    revision = parts.count == 2 ? parts[1] : nil
  }

  private static func isName(_ part: Substring) -> Bool {
    !part.isEmpty && part.utf8.count <= 200 && !part.hasPrefix(".") && part.utf8.allSatisfy { isPlain($0) }
  }

  /// Branches may have slashes: `refs/pr/3`, `feature/x`; none leads out of the folder.
  private static func isRevision(_ text: String) -> Bool {
    text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isName($0) }
  }

  /// Letters, digits, hyphen, full stop, underscore.
  private static func isPlain(_ byte: UInt8) -> Bool {
    [45, 46, 95].contains(byte) || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}

/// What Hugging Face's tools have downloaded to this machine: `models--owner--name/snapshots/<commit>`, with the commits of
/// branches and tags under `refs`.
struct HubSnapshots {
  let folder: URL

  init(_ environment: [String: String]) { folder = HubCache.folder(environment) }

  private func repository(_ id: String) -> URL {
    folder.appendingPathComponent("models--" + id.replacingOccurrences(of: "/", with: "--"), isDirectory: true)
  }

  /// The ids of all repositories, in their order.
  func repositories() -> [String] {
    Self.names(in: folder).filter { $0.hasPrefix("models--") }.compactMap { name in
      let parts = name.dropFirst("models--".count).components(separatedBy: "--")
      guard parts.count > 1 else { return nil }
      let id = "\(parts[0])/\(parts.dropFirst().joined(separator: "--"))"
      return HubID(id) == nil ? nil : id
    }
  }

  /// The commits of a repository that are here, and what branches and tags name each.
  func snapshots(of id: String) -> [(commit: String, references: [String])] {
    let repository = repository(id)
    let references = repository.appendingPathComponent("refs")
    let named = Self.names(in: references).map { ($0, Self.commit(references.appendingPathComponent($0))) }
    return Self.names(in: repository.appendingPathComponent("snapshots")).map { commit in
      (commit, named.filter { $0.1 == commit }.map(\.0))
    }
  }

  /// The folder of an id's revision: what the branch or tag names, else the commit that begins so.
  func snapshot(of id: HubID) throws(TelltaleError) -> URL {
    let repository = repository(id.repository)
    let snapshots = repository.appendingPathComponent("snapshots", isDirectory: true)
    let commits = Self.names(in: snapshots).filter {
      ModelLocator.isDirectory(snapshots.appendingPathComponent($0).path)
    }
    let reference = repository.appendingPathComponent("refs/\(id.revision ?? "main")")
    let wanted = Self.commit(reference).flatMap { commits.contains($0) ? $0 : nil }
    if let found = wanted ?? Self.only(commits, id.revision) { return snapshots.appendingPathComponent(found) }
    if id.revision == nil, commits.count > 1 {
      throw TelltaleError(
        .badInput,
        "has \(commits.count) snapshots (\(commits.prefix(4).joined(separator: ", "))) and refs/main names none of them; name "
          + "one, such as \(id.repository)@\(commits[0]), or fetch it again with: hf download \(id.repository)",
        at: InputLocation(file: repository.path))
    }
    guard let revision = id.revision, !commits.isEmpty else {
      throw TelltaleError(
        .badInput,
        "\(id.repository) is not in the local Hugging Face cache; fetch it with: hf download \(id.repository)"
          + (id.revision.map { " --revision \($0)" } ?? ""))
    }
    throw TelltaleError(
      .badInput,
      "\(id.repository) is in the local Hugging Face cache, but not its revision \(revision); fetch that with: "
        + "hf download \(id.repository) --revision \(revision)")
  }

  /// The only commit that begins as the revision does, in at least seven digits; without one, the only commit.
  private static func only(_ commits: [String], _ revision: String?) -> String? {
    if let revision, commits.contains(revision) { return revision }
    if let revision, revision.utf8.count < 7 { return nil }
    let fitting = commits.filter { $0.hasPrefix(revision ?? "") }
    return fitting.count == 1 ? fitting[0] : nil
  }

  private static func commit(_ reference: URL) -> String? {
    guard let text = try? String(contentsOf: reference, encoding: .utf8) else { return nil }
    let commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return commit.isEmpty || commit.contains("/") || commit.hasPrefix(".") ? nil : commit
  }

  private static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  /// The commit of a checkpoint's directory, or of a GGUF file, that is a snapshot of a cache; nil elsewhere.
  static func commit(of model: URL) -> String? {
    let parts = model.pathComponents
    guard let place = parts.lastIndex(of: "snapshots"), place > 0, parts[place - 1].hasPrefix("models--"),
      place + 1 < parts.count
    else { return nil }
    return parts[place + 1]
  }
}
