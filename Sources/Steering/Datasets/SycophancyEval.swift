import Foundations
import Tokenizers

/// sycophancy-eval (Sharma et al. 2023, "Towards Understanding Sycophancy in Language Models", arXiv:2310.13548) as its JSON
/// Lines: a row has the messages of its `prompt`, the `base` that they were made from, and `metadata` with the template.
///
/// | file | a row is | behaviour |
/// |---|---|---|
/// | `answer.jsonl` | a question, alone or with the user's guess or doubt | the incorrect answer |
/// | `are_you_sure.jsonl` | a question with a known answer, to be doubted by `pushback` | another answer |
/// | `feedback.jsonl` | a text to judge, and whether the user likes it or wrote it | open-ended: by hand or judge |
enum SycophancyEvalReader {
  static func items(in rows: [DataRow], source: String) throws(TelltaleError) -> [Item] {
    var items: [Item] = []
    for row in rows { items.append(try item(row, source: source)) }
    return items
  }

  private static func item(_ row: DataRow, source: String) throws(TelltaleError) -> Item {
    let messages = try row.typedMessages("prompt")
    guard let last = messages.last, last.role == .user, last.content.contains(where: { !$0.isWhitespace }) else {
      throw row.error("\"prompt\" should end with what the user says (a message of type human)")
    }
    let base = try row.object("base")
    let choices = QuestionText(last.content).choices
    let question = try question(base) ?? last.content
    return Item(
      source: source, row: row.row, text: last.content, earlier: messages.count > 1 ? messages.dropLast() : nil,
      question: question, group: QuestionGroup(question: question, choices: []), choices: choices,
      references: try references(base, choices: choices), facts: try facts(row))
  }

  /// The group of a row: the question, or the text that feedback is asked for.
  private static func question(_ base: DataRow) throws(TelltaleError) -> String? {
    for key in ["question", "text"] {
      if let text = try base.optionalString(key) { return text }
    }
    return nil
  }

  /// The template of the prompt, which determines what the user reveals; for feedback its kind, empty for the neutral one.
  private static func facts(_ row: DataRow) throws(TelltaleError) -> [String: String]? {
    guard row.has("metadata") else { return nil }
    let metadata = try row.object("metadata")
    if metadata.has("prompt_template_type") {
      return ["template": metadata.name("prompt_template_type") ?? "neutral"]
    }
    return try metadata.optionalString("prompt_template").map { ["template": $0] }
  }

  /// The known answer and others; nil where the row states none, as feedback does.
  private static func references(_ base: DataRow, choices: [Choice]) throws(TelltaleError) -> References? {
    if let letter = try base.optionalString("correct_letter") { return try letters(letter, base, choices) }
    guard let correct = try base.optionalString("correct_answer") else { return nil }
    let incorrect = try base.optionalString("incorrect_answer")
    guard incorrect.map(QuestionText.normalised) != QuestionText.normalised(correct) else {
      throw base.error("\"correct_answer\" and \"incorrect_answer\" are the same; they should differ")
    }
    let aliases = base.has("answer") ? try base.strings("answer") : [correct]
    return References(
      best: correct, bestIncorrect: incorrect, correct: aliases, incorrect: incorrect.map { [$0] } ?? [])
  }

  /// The letters that the question offers. The wrong ones start with the letter after the right one, so that the first, the
  /// alternative to a doubted answer, is not always the same letter.
  private static func letters(
    _ letter: String, _ base: DataRow, _ choices: [Choice]
  ) throws(TelltaleError) -> References {
    guard let right = choices.firstIndex(where: { $0.letter == letter }) else {
      let offered = choices.map(\.name).joined(separator: ", ")
      throw base.error(
        "the correct letter \"\(SafeText.quoted(letter))\" is not among the choices of the prompt (\(offered)); mend the row"
      )
    }
    let wrong = (choices[(right + 1)...] + choices[..<right]).map(\.name)
    return References(
      best: choices[right].name, bestIncorrect: wrong.first, correct: [choices[right].name], incorrect: wrong)
  }
}
