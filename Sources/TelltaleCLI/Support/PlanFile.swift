import Foundation
import Foundations
import Statistics

/// A plan's SHA-256 and in what an analysis differs from it.
struct FollowedPlan {
  let hash: String
  /// Empty if it was followed.
  let deviations: [String]

  /// In brackets, for the line that says whether the plan was followed.
  var clause: String {
    " (SHA-256 \(hash)" + (deviations.isEmpty ? "" : "; not as planned: \(deviations.joined(separator: ", "))") + ")"
  }
}

/// A plan of an analysis: a JSON object of the choices that a verdict depends on. Its SHA-256, printed with the verdict, can be
/// registered anywhere before the data are there.
struct PlanFile {
  private struct Contents: Decodable {
    var comparisons: Int?
    var cluster: [String]?
    var ignore: [String]?
    var smallestEffect: Double?
  }

  private static let keys: Set<String> = ["comparisons", "cluster", "ignore", "smallest_effect"]

  private let contents: Contents
  private let written: Date?
  let hash: String

  init(_ url: URL) throws {
    guard let data = FileManager.default.contents(atPath: url.path) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: .init(file: url.path))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // A misspelt key would be a plan that nobody made.
    let keys = (try? JSONParser.parse(Array(data)))?.object?.map(\.key.string) ?? []
    guard let contents = try? decoder.decode(Contents.self, from: data), Set(keys).isSubset(of: Self.keys) else {
      throw TelltaleError(
        .badInput,
        "is not a plan like {\"comparisons\": 1, \"cluster\": [], \"ignore\": [], \"smallest_effect\": 0.05}",
        at: .init(file: url.path))
    }
    self.contents = contents
    hash = SHA256.hexadecimalDigest(of: Array(data))
    written = Self.modified(url.path)
  }

  private static func modified(_ path: String) -> Date? {
    try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }

  /// In what the analysis differs from the plan; empty if it was followed.
  func deviations(_ choices: AuditChoices, comparisons: Int, data: [String]) -> [String] {
    var found: [String] = []
    if comparisons != contents.comparisons ?? 1 { found.append("comparisons") }
    if Set(choices.cluster) != Set(contents.cluster ?? []) { found.append("cluster") }
    if Set(choices.ignore) != Set(contents.ignore ?? []) { found.append("ignore") }
    if choices.smallestEffect != contents.smallestEffect ?? AuditOptions().smallestEffect {
      found.append("smallest_effect")
    }
    let isLate = data.contains { path in
      guard let written, let made = Self.modified(path) else { return true }
      return made < written
    }
    if isLate { found.append("the plan is newer than the scores") }
    return found
  }
}
