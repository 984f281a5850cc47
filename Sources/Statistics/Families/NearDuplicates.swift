/// Families of questions that say nearly the same, found in their texts: paraphrases, templates filled in twice.
///
/// Two texts belong together if the weighted Jaccard similarity of their character 4-grams (`ShingleSets`) reaches the
/// threshold, and so do texts linked through others (single linkage). Rows of one family are not independent; intervals
/// should be clustered by `families` instead of the question. On Anthropic's human-written evaluations (1,593 distinct
/// questions) the most similar pair of different questions has 0.64, and a question with one word changed 0.8 or more in
/// 95 of 100 cases, which is why the default of 0.7.
///
/// Candidates come from an index of rare 4-grams, so the time grows with the number of texts that share one, not with
/// all pairs. An entry of the index keeps 20 members of a family at most; past that a text that only resembles a later
/// member can be missed.
public struct NearDuplicates: Sendable, Equatable {
  public static let defaultThreshold = 0.7

  /// The family of every text, counted from 0 in order of appearance.
  public let families: [Int]
  /// The number of texts of each family.
  public let sizes: [Int]
  /// An example: the first two texts (by index) that are members of one family and differ; `nil` without.
  public let example: [Int]?

  /// Families of more than one text.
  public var repeated: Int { sizes.count { $0 > 1 } }

  /// - Parameters:
  ///   - texts: one per question, its biography and answer letters stripped as far as they are not part of it.
  ///   - threshold: 0 (excluded) to 1.
  public init(_ texts: [String], threshold: Double = NearDuplicates.defaultThreshold) {
    precondition(threshold > 0 && threshold <= 1, "a similarity lies in 0...1")
    let distinct = Partition(texts)
    var search = FamilySearch(ShingleSets(distinct.firsts(texts)), threshold)
    for text in 0..<distinct.count { search.add(text) }
    let roots = Partition(keys: distinct.codes.map { search.links.root($0) })
    families = roots.codes
    sizes = roots.sizes()
    var first: [Int: Int] = [:]
    example =
      texts.indices.lazy.compactMap { [families] index -> [Int]? in
        guard let earlier = first[families[index]] else {
          first[families[index]] = index
          return nil
        }
        return texts[earlier] == texts[index] ? nil : [earlier, index]
      }.first
  }

  /// One sentence where texts repeat; `nil` where all differ.
  public var sentence: String? {
    guard repeated > 0, let largest = sizes.max() else { return nil }
    let members = sizes.reduce(0) { $0 + ($1 > 1 ? $1 : 0) }
    return "\(members) of \(families.count) question texts nearly repeat another: they form \(repeated) "
      + (repeated == 1 ? "family" : "families") + " (the largest of \(largest)), so there are \(sizes.count) "
      + "independent questions rather than \(families.count); cluster by family."
  }
}

/// Texts added one by one to an index of their rare 4-grams and linked to those they resemble.
private struct FamilySearch {
  private let sets: ShingleSets
  private let threshold: Double
  private(set) var links: Links
  private var index: [Int32: [Int]] = [:]
  /// By text the last one it was compared with.
  private var lastSeen: [Int]

  init(_ sets: ShingleSets, _ threshold: Double) {
    (self.sets, self.threshold) = (sets, threshold)
    links = Links(sets.sets.count)
    lastSeen = [Int](repeating: -1, count: sets.sets.count)
  }

  mutating func add(_ text: Int) {
    let prefix = sets.prefix(of: text, threshold: threshold)
    for shingle in prefix {
      for candidate in index[shingle] ?? [] where lastSeen[candidate] != text {
        lastSeen[candidate] = text
        guard links.root(candidate) != links.root(text) else { continue }
        if sets.isSimilar(text, candidate, threshold: threshold) { links.join(text, candidate) }
      }
    }
    let root = links.root(text)
    for shingle in prefix {
      let relatives = (index[shingle] ?? []).count { links.root($0) == root }
      if relatives < 20 { index[shingle, default: []].append(text) }
    }
  }
}

/// Disjoint sets (union by the smaller index, paths halved).
private struct Links {
  private var parent: [Int]

  init(_ count: Int) { parent = Array(0..<count) }

  func root(_ member: Int) -> Int {
    var node = member
    while parent[node] != node { node = parent[node] }
    return node
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (low, high) = (min(root(a), root(b)), max(root(a), root(b)))
    parent[high] = low
    // Both members point straight at the root, so that chains stay short.
    parent[a] = low
    parent[b] = low
  }
}
