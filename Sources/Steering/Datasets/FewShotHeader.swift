import Foundations

/// Solved examples that stand before every prompt of a run, the same for all so that a model reads them once.
public struct FewShotHeader: Sendable, Hashable {
  /// The items solved, each of another group.
  public let examples: [Item]
  /// The examples and what separates them from the prompt.
  public let text: String

  /// Solves `count` items of `pool` with their matching answers.
  ///
  /// The examples are a balanced sample (letters, sources, user sides) of distinct groups, none of which is among
  /// `groups`, those of the items to be asked. Each is its text as stored and its answer, with a blank line after it.
  ///
  /// - Throws: `badInput` when the pool has fewer than `count` other groups with answers.
  public init(
    count: Int, from pool: [Item], excluding groups: Set<QuestionGroup>, seed: UInt64
  ) throws(TelltaleError) {
    let excluded = Set(groups.map(\.id))
    let candidates = pool.filter { $0.matchingAnswer != nil && !excluded.contains($0.group.id) }
    let available = Set(candidates.map(\.group.id)).count
    guard count > 0, count <= available else {
      let message =
        "\(count) examples were asked for and \(available) other questions with answers are left; "
        + "ask for fewer or keep some questions apart for them"
      throw TelltaleError(.badInput, message)
    }
    // A sample takes every group once before it takes any twice.
    examples = try sample(candidates, take: count, seed: seed).items
    text = examples.map { $0.plainPrompt + ($0.matchingAnswer ?? "") + "\n\n" }.joined()
  }

  func prompt(for item: Item) throws(TelltaleError) -> String {
    guard !examples.contains(where: { $0.group.id == item.group.id }) else {
      let message = "the few-shot header solves the question of this row; exclude its group from the header"
      throw TelltaleError(.badInput, message, at: .init(file: item.source, item: "row \(item.row)"))
    }
    return text + (try item.alone.plainPrompt)
  }
}
