import Foundations
import Statistics
import Tokenizers

/// Rows of a question with matching and other answers: Anthropic's evaluations and CAA.
enum ABReader {
  static func items(in rows: [DataRow], source: String, answersRequired: Bool) throws(TelltaleError) -> [Item] {
    var items: [Item] = []
    for row in rows {
      let isOpenEnded = !row.has("answer_matching_behavior") && !row.has("answer_not_matching_behavior")
      let answers: Answers? =
        if isOpenEnded && !answersRequired {
          nil
        } else {
          Answers(
            matching: try row.strings("answer_matching_behavior"),
            other: try row.strings("answer_not_matching_behavior"))
        }
      items.append(try Item(row, source: source, answers: answers))
    }
    return items
  }
}

/// Rows of `question`, `answer` and, where there is an opposite, `contrastive_answer`, one or several; a row may name its
/// `group` itself.
enum ContrastReader {
  static func items(in rows: [DataRow], source: String) throws(TelltaleError) -> [Item] {
    var items: [Item] = []
    for row in rows {
      let other = try row.has("contrastive_answer") ? row.strings("contrastive_answer") : []
      let answers = Answers(matching: [try row.string("answer")], other: other)
      items.append(try Item(row, source: source, answers: answers))
    }
    return items
  }
}

/// The stored answers of one row, before they are checked.
struct Answers {
  let matching: [String]
  let other: [String]
}

extension Item {
  init(_ row: DataRow, source: String, answers: Answers?) throws(TelltaleError) {
    let (earlier, text) = try Self.turns(row)
    let parts = QuestionText(earlier?.first { $0.role == .user }?.content ?? text)
    let choices = parts.choices.isEmpty && answers?.areYesNo ?? false ? Self.yesNo : parts.choices
    try answers?.check(row, choices: choices)
    // A row of choices only has nothing else to be called by.
    let question = parts.question.isEmpty ? text : parts.question
    let named = try row.optionalString("group")
    if let named, GroupNames.isBlank(named) {
      throw row.error(
        "the group is \"\(SafeText.quoted(named))\", which stands for none; name the row's question, or leave the field out"
      )
    }
    self.init(
      source: source, row: row.row, text: text, earlier: earlier, question: question,
      group: named.map { QuestionGroup(named: $0, text: question) }
        ?? QuestionGroup(question: question, choices: choices),
      choices: choices, matchingAnswer: answers?.matching.first, otherAnswers: answers?.other ?? [],
      userSide: try row.optionalString("user_affiliation")?.lowercased() ?? Self.side(in: parts.biography),
      facts: Self.facts(row))
  }

  /// The row's question; of a row with `messages` instead the last one, and those before it.
  private static func turns(_ row: DataRow) throws(TelltaleError) -> (earlier: [ChatMessage]?, text: String) {
    guard row.has("messages"), !row.has("question") else { return (nil, try row.string("question")) }
    let messages = try row.messages("messages")
    guard let last = messages.last, last.role == .user, last.content.contains(where: { !$0.isWhitespace }) else {
      throw row.error("\"messages\" should end with what the user says; the answer stands in \"answer\"")
    }
    return (messages.count > 1 ? Array(messages.dropLast()) : nil, last.content)
  }

  /// What a row may say of itself: template, turn and persona, which the audit always holds fixed, and an object `facts` of names
  /// to texts or numbers, which it does on request; nil where it says nothing.
  private static func facts(_ row: DataRow) -> [String: String]? {
    var facts = row.names("facts")
    for name in ["template", "turn", "persona"] { facts[name] = row.name(name) ?? facts[name] }
    return facts.isEmpty ? nil : facts
  }

  private static let yesNo = [Choice(letter: nil, text: "Yes"), Choice(letter: nil, text: "No")]

  /// `liberal` or `conservative` when the biography holds one of the words and not the other; it agrees with the stored
  /// affiliation in all 10,200 rows of the political typology quiz.
  private static func side(in biography: String) -> String? {
    let words = biography.lowercased().split { !$0.isLetter }
    let sides = ["liberal", "conservative"].filter { words.contains(Substring($0)) }
    return sides.count == 1 ? sides[0] : nil
  }
}

extension Answers {
  /// Whether all the answers are the words yes and no.
  var areYesNo: Bool {
    (matching + other).allSatisfy { ["yes", "no"].contains(QuestionText.normalised($0)) }
  }

  /// Throws unless there is one matching answer, it differs from the others, and all are among the choices if any.
  func check(_ row: DataRow, choices: [Choice]) throws(TelltaleError) {
    guard matching.count == 1 else {
      throw row.error("the row has \(matching.count) matching answers and should have one")
    }
    guard !other.contains(where: { QuestionText.normalised($0) == QuestionText.normalised(matching[0]) }) else {
      throw row.error(
        "the matching and the other answer are both \"\(SafeText.quoted(String(matching[0].prefix(40))))\"; they should differ"
      )
    }
    guard !choices.isEmpty else { return }
    for answer in matching + other where QuestionText.index(of: answer, in: choices) == nil {
      let names = choices.map(\.name).joined(separator: ", ")
      throw row.error(
        "the answer \"\(SafeText.quoted(String(answer.prefix(40))))\" is not among the choices \(names); mend the row")
    }
  }
}
