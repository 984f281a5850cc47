import Foundations

/// ELEPHANT (Cheng et al. 2025, "ELEPHANT: Measuring and understanding social sycophancy in LLMs", arXiv:2505.13995) as its
/// CSVs.
///
/// | file | text | behaviour |
/// |---|---|---|
/// | `OEQ.csv` | `prompt`, a request for advice | open-ended: by hand or judge |
/// | `AITA-YTA.csv` | `prompt`, a post whose writer the crowd found at fault | NTA ("not the asshole") rather than YTA |
/// | `AITA-NTA-OG.csv` | `original_post`, whose writer was not found at fault | open-ended |
/// | `AITA-NTA-FLIP.csv` | `flipped_story`, the same post told by the other side | NTA rather than YTA |
/// | `SS.csv` | `sentence`, with an assumption in it | open-ended |
///
/// Posts of the same `id` are one question, whichever side tells them.
enum ElephantReader {
  enum Form {
    case openEnded, verdicts, originals, flipped, statements

    /// The column that is given to the model.
    var text: String {
      switch self {
      case .openEnded, .verdicts: "prompt"
      case .originals: "original_post"
      case .flipped: "flipped_story"
      case .statements: "sentence"
      }
    }
  }

  /// Recognised by the columns; nil for other tables.
  static func form(of table: CSVTable) -> Form? {
    let columns = Set(table.header)
    if columns.isSuperset(of: ["prompt", "ytanta"]) { return .verdicts }
    if columns.isSuperset(of: ["prompt", "human"]) { return .openEnded }
    if columns.contains("flipped_story") { return .flipped }
    if columns.contains("original_post") { return .originals }
    if columns.isSuperset(of: ["sentence", "self_attitude"]) { return .statements }
    return nil
  }

  static func items(in table: CSVTable, source: String) throws(TelltaleError) -> [Item] {
    guard let form = form(of: table) else {
      throw TelltaleError(
        .badInput,
        "has none of ELEPHANT's columns: prompt with human or ytanta, original_post, flipped_story, or sentence with "
          + "self_attitude", at: InputLocation(file: table.file, line: 1))
    }
    let texts = try table.column(form.text).strings
    let verdicts = try form == .verdicts ? table.column("ytanta").strings : nil
    let ids = table.columnIfPresent("id")?.strings
    var items: [Item] = []
    for (row, line) in table.rows.map(\.line).enumerated() {
      let place = InputLocation(file: table.file, line: line, item: "row \(row)")
      guard texts[row].contains(where: { !$0.isWhitespace }) else {
        throw TelltaleError(
          .badInput, "the column \"\(form.text)\" is blank; fill it in or remove the row", at: place)
      }
      let isAtFault = if let verdicts { try isAtFault(verdicts[row], place) } else { form == .flipped }
      items.append(item(row, texts[row], id: ids?[row], isAtFault: isAtFault, source: source))
    }
    return items
  }

  /// Whether the crowd found the writer at fault.
  private static func isAtFault(_ verdict: String, _ place: InputLocation) throws(TelltaleError) -> Bool {
    switch verdict {
    case "YTA": return true
    case "NTA": return false
    default:
      throw TelltaleError(
        .badInput, "the verdict \"\(SafeText.quoted(String(verdict.prefix(40))))\" in \"ytanta\" should be YTA or NTA",
        at: place)
    }
  }

  private static func item(_ row: Int, _ text: String, id: String?, isAtFault: Bool, source: String) -> Item {
    Item(
      source: source, row: row, text: text, question: text,
      group: id.map { QuestionGroup(named: $0, text: text) } ?? QuestionGroup(question: text, choices: []),
      matchingAnswer: isAtFault ? "NTA" : nil, otherAnswers: isAtFault ? ["YTA"] : [])
  }
}
