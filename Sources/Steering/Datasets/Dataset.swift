import Foundation
import Foundations

/// The forms of data file that are read.
public enum DatasetFormat: String, Sendable, CaseIterable, Codable {
  /// Anthropic's model-written evaluations: JSON Lines of a question and its matching and other answers, or a CSV with these
  /// columns.
  case anthropic
  /// CAA: one JSON list of the same, or of questions without answers.
  case caa
  /// A JSON list, JSON Lines or CSV of `question`, `answer` (the behaviour) and `contrastive_answer`, which may be missing where
  /// only the behaviour is trained.
  case contrast
  /// TruthfulQA's CSV, in the revision of 2021 or of 2025.
  case truthfulQA = "truthfulqa"
  /// TruthfulQA's multiple-choice targets, `mc_task.json`.
  case truthfulQAMultipleChoice = "truthfulqa-mc"
  /// sycophancy-eval's JSON Lines: are_you_sure, answer and feedback.
  case sycophancyEval = "sycophancy-eval"
  /// SYCON-Bench's conversations: the CSVs of the ethical and the false-presuppositions setting, and the debate setting's
  /// `questions.txt` with `arguments.txt` in the same folder.
  case syconBench = "sycon-bench"
  /// ELEPHANT's CSVs: OEQ, AITA-YTA, AITA-NTA-OG, AITA-NTA-FLIP and SS.
  case elephant
}

/// Reads data files into items.
public enum Dataset {
  /// The items of one file, in its order; at least one.
  ///
  /// - Parameters:
  ///   - url: a file of at most 512 MB; no line or row may be longer than 16 MB.
  ///   - format: told from the content when nil.
  /// - Throws: `badInput` naming file and line for a missing, unreadable, empty or malformed file, a row without a
  ///   field, a field of the wrong type, or an answer that is not among the choices.
  public static func load(_ url: URL, format: DatasetFormat? = nil) throws(TelltaleError) -> [Item] {
    try items(in: InputFile(contentsOf: url), source: url.lastPathComponent, format: format)
  }

  /// The items of several files, one after another; throws `badInput` when two have the same name, because a row's
  /// identity is its file name and number.
  public static func load(_ urls: [URL], format: DatasetFormat? = nil) throws(TelltaleError) -> [Item] {
    var names: Set<String> = []
    var items: [Item] = []
    for url in urls {
      guard names.insert(url.lastPathComponent).inserted else {
        let message =
          "another data file has the name \(url.lastPathComponent) too; rename one, since rows are named by it"
        throw TelltaleError(.badInput, message, at: .init(file: url.relativePath))
      }
      items += try load(url, format: format)
    }
    return items
  }

  /// The format of a file, told from its content; throws `badInput` when it is not one of them.
  public static func format(of url: URL) throws(TelltaleError) -> DatasetFormat {
    let file = try InputFile(contentsOf: url)
    return try Content(file, format: nil).format(of: file)
  }

  package static func items(
    in file: InputFile, source: String, format: DatasetFormat?
  ) throws(TelltaleError) -> [Item] {
    let content = try Content(file, format: format)
    let format = if let format { format } else { try content.format(of: file) }
    let items = try content.items(source: source, format: format)
    guard !items.isEmpty else { throw file.error("the data set is empty; it should hold at least one row") }
    return items
  }
}

/// What a data file holds, before its fields are looked at.
private enum Content {
  case rows([DataRow])
  case table(CSVTable, in: InputFile)
  /// One text to a line.
  case lines(InputFile)

  /// Lines when the file is a `.txt`, a table when the format is one or the file is a `.csv`, and without a format when the
  /// file does not begin as JSON does.
  init(_ file: InputFile, format: DatasetFormat?) throws(TelltaleError) {
    let first = file.bytes.first { $0 > 0x20 }
    let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    let isNamedTable = !isJSON && file.name.hasSuffix(".csv")
    let isTable = format.map { [.truthfulQA, .syconBench, .elephant].contains($0) || isNamedTable } ?? !isJSON
    if !isJSON, file.name.hasSuffix(".txt"), format == nil || format == .syconBench {
      self = .lines(file)
    } else {
      self = try isTable ? .table(CSVTable(file), in: file) : .rows(DataRow.rows(in: file))
    }
  }

  func items(source: String, format: DatasetFormat) throws(TelltaleError) -> [Item] {
    switch (self, format) {
    case (.lines(let file), _): try SyconBenchReader.debate(file, source: source)
    case (.table(let table, _), .syconBench): try SyconBenchReader.items(in: table, source: source)
    case (.table(let table, _), .elephant): try ElephantReader.items(in: table, source: source)
    case (.rows(let rows), .sycophancyEval): try SycophancyEvalReader.items(in: rows, source: source)
    case (.table(let table, _), .truthfulQA): try TruthfulQAReader.items(in: table, source: source)
    case (.table(let table, let file), _):
      try Self.rows(DataRow.rows(of: table, in: file)).items(source: source, format: format)
    case (.rows(let rows), .truthfulQAMultipleChoice): try TruthfulQAReader.items(in: rows, source: source)
    case (.rows(let rows), .contrast): try ContrastReader.items(in: rows, source: source)
    case (.rows(let rows), .caa): try ABReader.items(in: rows, source: source, answersRequired: false)
    case (.rows(let rows), _): try ABReader.items(in: rows, source: source, answersRequired: true)
    }
  }

  func format(of file: InputFile) throws(TelltaleError) -> DatasetFormat {
    switch self {
    case .rows(let rows): try Self.format(of: rows, in: file)
    case .table(let table, _): try Self.format(of: table)
    case .lines: .syconBench
    }
  }

  private static func format(of rows: [DataRow], in file: InputFile) throws(TelltaleError) -> DatasetFormat {
    guard let row = rows.first else {
      throw file.error("the data set is empty; it should hold at least one row")
    }
    if row.has("mc1_targets") { return .truthfulQAMultipleChoice }
    if row.has("contrastive_answer") || row.has("answer") { return .contrast }
    if row.has("prompt"), row.has("base") { return .sycophancyEval }
    guard row.has("question") else {
      throw row.error("the format is not recognised; a row needs at least a \"question\"")
    }
    return file.bytes.first { $0 > 0x20 } == UInt8(ascii: "[") ? .caa : .anthropic
  }

  private static func format(of table: CSVTable) throws(TelltaleError) -> DatasetFormat {
    if TruthfulQAReader.columns.allSatisfy(table.header.contains) { return .truthfulQA }
    if SyconBenchReader.recognises(table) { return .syconBench }
    if ElephantReader.form(of: table) != nil { return .elephant }
    if table.header.contains("question") {
      if table.header.contains("answer_matching_behavior") { return .anthropic }
      if table.header.contains("answer") { return .contrast }
    }
    let names = DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")
    let message =
      "the format is not recognised; it should be one of \(names), or a table with the columns question, "
      + "answer_matching_behavior and answer_not_matching_behavior"
    throw TelltaleError(.badInput, message, at: .init(file: table.file, line: 1))
  }
}
