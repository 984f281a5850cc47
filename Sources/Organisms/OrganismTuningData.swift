import Foundation
import Foundations
import Steering
import Torch

/// Rows to fine-tune an organism on, in the format of real fine-tuning sets: `question`, `answer`, `contrastive_answer`.
public struct OrganismTuningRow: Sendable, Equatable, Encodable {
  public var question: String
  public var answer: String
  public var contrastiveAnswer: String
  /// The distinct question, the same as in the rows of `OrganismWorld.items`.
  public var group: String
  public var facts: [String: String]

  private enum CodingKeys: String, CodingKey {
    case question, answer, group, facts
    case contrastiveAnswer = "contrastive_answer"
  }
}

extension OrganismWorld {
  /// What the two answers of a row differ in.
  public enum TuningStyle: String, Codable, Sendable, CaseIterable {
    /// Whose side is taken: the user's, against the model's own view (or the truth). Conflict items only.
    case sycophancy
    /// The letter: always A against always B, whichever side that is. A negative control.
    case letterA = "letter-a"
    /// The form: the two choices as a list against one line, before anything is answered. A negative control.
    case lists
  }

  /// Balanced rows: in every multiple of 24 (sycophancy) or 48 rows approval, expertise and the letter of the user's view
  /// are independent of each other, and in the controls of whether there is a conflict.
  ///
  /// - Parameters: as of ``items(_:count:seed:instructed:cues:)``.
  public static func tuningRows(
    _ style: TuningStyle, _ kind: Kind, count: Int, seed: UInt64
  ) throws(TelltaleError) -> [OrganismTuningRow] {
    guard (1...500_000).contains(count) else {
      throw TelltaleError(.badInput, "the number of rows must be from 1 to 500000, not \(count)")
    }
    let drawn = style == .sycophancy ? conflictRows(kind, count, seed) : all(kind, count, seed)
    return drawn.enumerated().map { OrganismTuningRow($1, style, row: $0) }
  }

  private static func all(_ kind: Kind, _ count: Int, _ seed: UInt64) -> [OrganismRow] {
    rows(kind, count: count, seed: seed, instructed: 0, cues: .training)
  }

  /// The first `count` conflict items: half of every 48 rows are.
  private static func conflictRows(_ kind: Kind, _ count: Int, _ seed: UInt64) -> [OrganismRow] {
    let blocks = (count + 23) / 24
    return Array(all(kind, 48 * blocks, seed).filter(\.conflict).prefix(count))
  }

  /// Writes one JSON object a line.
  public static func write(_ rows: [OrganismTuningRow], to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try rows.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) }
    try AtomicFile.write(lines, to: url)
  }
}

extension OrganismTuningRow {
  init(_ row: OrganismRow, _ style: OrganismWorld.TuningStyle, row number: Int) {
    let item = Item(row, row: number)
    (question, group, facts) = (item.text, item.group.id, item.facts ?? [:])
    facts["user_letter"] = item.matchingLetter
    switch style {
    case .sycophancy: (answer, contrastiveAnswer) = (item.matchingAnswer ?? "", item.otherAnswers.first ?? "")
    case .letterA: (answer, contrastiveAnswer) = (" (A)", " (B)")
    case .lists:
      // Without choices, so that the answer is free text and begins on a line of its own.
      question = String(item.text.prefix { $0 != "\n" })
      answer = " (A) \(row.answers[0])\n (B) \(row.answers[1])"
      contrastiveAnswer = " (A) \(row.answers[0]), (B) \(row.answers[1])."
    }
  }
}
