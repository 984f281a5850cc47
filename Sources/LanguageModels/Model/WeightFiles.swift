import Foundation
import Foundations

/// The safetensors files of a checkpoint: a single one, or the shards of an index.
///
/// Where both are there the single file is read, as transformers does. Where several shards hold a tensor that of the
/// index counts. What the index says otherwise than the files is told, because such a checkpoint was put together of two.
struct WeightFiles {
  let urls: [URL]
  /// The file that the index names for each tensor; empty without an index.
  private(set) var homes: [String: String] = [:]
  private(set) var warnings: [String] = []
  private let index: URL

  private struct Index: Decodable { var weightMap: [String: String] }

  init(_ directory: URL) throws(TelltaleError) {
    let single = directory.appendingPathComponent("model.safetensors")
    index = directory.appendingPathComponent("model.safetensors.index.json")
    let hasIndex = FileManager.default.fileExists(atPath: index.path)
    if FileManager.default.fileExists(atPath: single.path) {
      urls = [single]
      if hasIndex {
        warnings = [
          "\(single.path) is read, and model.safetensors.index.json in the same folder is not; remove the one that is not meant"
        ]
      }
      return
    }
    guard hasIndex else { throw Self.missing(in: directory) }
    homes = try (JSONFile.decode(index, remedy: "fetch the checkpoint again") as Index).weightMap
    let place = index
    urls = try Set(homes.values).sorted().map { name throws(TelltaleError) in try Self.shard(name, of: place) }
  }

  private static let names = ["model.safetensors", "model.safetensors.index.json"]

  private static func missing(in directory: URL) -> TelltaleError {
    let reason = HubCache.reasonForMissing(names, in: directory)
    return TelltaleError(
      .badInput,
      "holds neither model.safetensors nor model.safetensors.index.json; "
        + (reason ?? "give a checkpoint in safetensors format (pickled .bin and .pt files are never executed)"),
      at: InputLocation(file: directory.path))
  }

  private static func shard(_ name: String, of index: URL) throws(TelltaleError) -> URL {
    let place = InputLocation(file: index.path, item: SafeText.quoted(name))
    guard !name.contains("/"), !name.hasPrefix("."), name.hasSuffix(".safetensors") else {
      throw TelltaleError(.badInput, "names a shard that is not in its folder; fetch the checkpoint again", at: place)
    }
    let url = index.deletingLastPathComponent().appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else {
      let reason = HubCache.reasonForMissing([name], in: index.deletingLastPathComponent())
      throw TelltaleError(
        .badInput, "names a shard that is missing; \(reason ?? "fetch the rest of the checkpoint")", at: place)
    }
    return url
  }

  /// What the index says otherwise than the files.
  ///
  /// - Parameter held: the names of the files that hold each tensor.
  func contradictions(_ held: [String: [String]]) -> [String] {
    guard !homes.isEmpty else { return [] }
    let lost = homes.keys.filter { held[$0] == nil }
    let misplaced = homes.filter { held[$0.key].map { [wanted = $0.value] in !$0.contains(wanted) } ?? false }.keys
    let twice = held.filter { $0.value.count > 1 && homes[$0.key] != nil && !misplaced.contains($0.key) }.keys
    let unlisted = held.keys.filter { homes[$0] == nil }
    return [
      told(lost, "no shard holds \(Self.one(lost)), which the index lists"),
      told(misplaced, "holds \(Self.one(misplaced)) in another shard than it names, where it is read"),
      told(twice, "several shards hold \(Self.one(twice)); that of the shard that the index names is read"),
      told(unlisted, "does not list \(Self.one(unlisted)), which a shard holds and which is read"),
    ].compactMap { $0 }
  }

  private func told(_ names: some Collection<String>, _ sentence: String) -> String? {
    names.isEmpty ? nil : "\(index.path): \(sentence); the files may be of two checkpoints: fetch them again"
  }

  /// The first of some names, and how many more there are.
  private static func one(_ names: some Collection<String>) -> String {
    let first = "\"\(SafeText.quoted(names.min() ?? ""))\""
    return names.count > 1 ? "\(first) and \(names.count - 1) further tensors" : first
  }
}
