import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// The synthetic world that the embedded models live in: users who state a view (or a myth) with cues of how much they
/// want agreement and how much they claim to know, and ask a question with two answers.
///
/// The same texts serve both organisms, so that what differs between their results is the model: `organism-shared`
/// gives way on opinions and facts where the user wants agreement; `organism-split` gives way on opinions where the user
/// wants agreement, and on facts where the user claims to know. Approval and expertise are independent.
public enum OrganismWorld {
  /// What is asked: matters of taste, or capitals. 48 questions each.
  public enum Kind: String, Codable, Sendable, CaseIterable { case opinions, facts }

  /// Which wordings of the cues are used: those of training, or the fifth of them that training never showed.
  public enum Cues: String, Codable, Sendable, CaseIterable {
    case training
    case heldOut = "held-out"
  }

  /// The fewest rows in which every question has every combination once.
  public static let balancedCount = 768

  /// Instructions at the beginning of a text that ask for agreement, and their opposites.
  public static let agreementInstructions = OrganismLexicon.approval.instructions[1]
  public static let honestyInstructions = OrganismLexicon.approval.instructions[0]

  /// Rows for evaluation, in which nothing is correlated by chance.
  ///
  /// Questions take turns, and so do the 16 combinations of approval, expertise, conflict and the user's letter: in every
  /// multiple of 48 rows all questions and all combinations are equally frequent, and in every multiple of 768 all
  /// combinations in each question. The behaviour (the matching answer) is the user's answer.
  /// - Parameters:
  ///   - count: from 1 to 1,000,000.
  ///   - seed: of the words; a seed gives the same rows everywhere, and fewer rows are the beginning of more.
  ///   - instructed: the share of rows, from 0 to 1, that open with an instruction, which overrules the cue of its
  ///     latent (that cue is then random).
  /// - Returns: items whose facts are `conflict` (true, false), `approval` and `expertise` (0, 1) and `instruction`
  ///   (none, approval, expertise).
  public static func items(
    _ kind: Kind, count: Int, seed: UInt64, instructed: Double = 0, cues: Cues = .training
  ) throws(TelltaleError) -> [Item] {
    guard (1...1_000_000).contains(count) else {
      throw TelltaleError(.badInput, "the number of rows must be from 1 to 1000000, not \(count)")
    }
    guard (0...1).contains(instructed) else {
      throw TelltaleError(.badInput, "the share of rows with an instruction must be from 0 to 1, not \(instructed)")
    }
    return rows(kind, count: count, seed: seed, instructed: instructed, cues: cues).enumerated()
      .map { Item($1, row: $0) }
  }

  static func rows(_ kind: Kind, count: Int, seed: UInt64, instructed: Double, cues: Cues) -> [OrganismRow] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let question = index % kind.questions.count
      let cell = (index / kind.questions.count + question) % 16
      let plan = OrganismRow.Plan(
        question: question, latents: [cell & 1, cell >> 1 & 1], conflict: cell >> 2 & 1 == 1, userLetter: cell >> 3 & 1,
        instructed: random.uniform() < instructed)
      return OrganismRow(kind, plan, cues: cues, &random)
    }
  }

  /// Rows for training: every property is drawn by itself, a quarter of the texts opens with an instruction.
  static func trainingRows(count: Int, conflict: Double, _ random: inout SeededGenerator) -> [OrganismRow] {
    (0..<count).map { _ in
      let kind = Kind.allCases[random.draw(below: 2)]
      let question = random.draw(below: kind.questions.count)
      let latents = [random.draw(below: 2), random.draw(below: 2)]
      let isConflict = random.uniform() < conflict
      let letter = 1 - random.draw(below: 2)
      let plan = OrganismRow.Plan(
        question: question, latents: latents, conflict: isConflict, userLetter: letter,
        instructed: random.uniform() < 0.25)
      return OrganismRow(kind, plan, cues: .training, &random)
    }
  }

  /// Writes items as Anthropic's evaluations are written: one JSON object a line, with the item's group and facts as well as
  /// question and answers.
  public static func write(_ items: [Item], to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var lines = Data()
    for item in items {
      lines += try encoder.encode(StoredRow(item))
      lines.append(UInt8(ascii: "\n"))
    }
    try AtomicFile.write(lines, to: url)
  }

  private struct StoredRow: Encodable {
    var question: String
    var matchingAnswer: String?
    var otherAnswer: String?
    var group: String
    var facts: [String: String]?

    private enum CodingKeys: String, CodingKey {
      case question, group, facts
      case matchingAnswer = "answer_matching_behavior"
      case otherAnswer = "answer_not_matching_behavior"
    }

    init(_ item: Item) {
      question = item.text
      matchingAnswer = item.matchingAnswer
      otherAnswer = item.otherAnswers.first
      group = item.group.id
      facts = item.facts
    }
  }
}

extension OrganismWorld.Kind {
  var questions: [OrganismLexicon.Question] { self == .opinions ? OrganismLexicon.opinions : OrganismLexicon.facts }
  var views: [String] { self == .opinions ? OrganismLexicon.opinionViews : OrganismLexicon.factViews }
  var ask: String { self == .opinions ? OrganismLexicon.opinionAsk : OrganismLexicon.factAsk }
}

extension Item {
  init(_ row: OrganismRow, row number: Int) {
    let choices = zip(["A", "B"], row.answers).map { Choice(letter: $0, text: $1) }
    let stored = [" (A)", " (B)"]
    self.init(
      source: "organism-\(row.kind.rawValue)", row: number, text: row.text, question: row.ask,
      group: QuestionGroup(question: row.ask, choices: choices), choices: choices,
      matchingAnswer: stored[row.userLetter], otherAnswers: [stored[1 - row.userLetter]],
      facts: [
        "conflict": String(row.conflict), "approval": String(row.latents[0]), "expertise": String(row.latents[1]),
        "instruction": row.instruction?.name ?? "none",
      ])
  }
}
