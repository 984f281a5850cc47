import Foundation

/// The forms of data file that are read.
public enum DatasetFormat: String, Sendable, CaseIterable, Codable {
  /// Anthropic's model-written evaluations: JSON Lines of a question and its matching and other answers.
  case anthropic
  /// CAA: one JSON list of the same, or of questions without answers.
  case caa
  /// A JSON list or JSON Lines of `question`, `answer` (the behaviour) and `contrastive_answer`.
  case contrast
  /// TruthfulQA's CSV, in the revision of 2021 or of 2025.
  case truthfulQA = "truthfulqa"
  /// TruthfulQA's multiple-choice targets, `mc_task.json`.
  case truthfulQAMultipleChoice = "truthfulqa-mc"
}

/// Reads data files into items.
public enum Dataset {
  /// The items of one file, in its order; at least one.
  ///
  /// - Parameters:
  ///   - url: a file of at most 512 MB; no line or row may be longer than 16 MB.
  ///   - format: told from the content when nil.
  /// - Throws: `badInput` naming file and line for a missing, unreadable, empty or malformed file, a row without a field,
  ///   a field of the wrong type, or an answer that is not among the choices.
  public static func load(_ url: URL, format: DatasetFormat? = nil) throws(SteeringError) -> [Item] {
    try items(in: InputFile(contentsOf: url), source: url.lastPathComponent, format: format)
  }

  /// The items of several files, one after another; throws `badInput` when two have the same name, because a row's
  /// identity is its file name and number.
  public static func load(_ urls: [URL], format: DatasetFormat? = nil) throws(SteeringError) -> [Item] {
    var names: Set<String> = []
    var items: [Item] = []
    for url in urls {
      guard names.insert(url.lastPathComponent).inserted else {
        let message =
          "another data file has the name \(url.lastPathComponent) too; rename one, since rows are named by it"
        throw SteeringError(.badInput, message, at: .init(file: url.relativePath))
      }
      items += try load(url, format: format)
    }
    return items
  }

  /// The format of a file, told from its content; throws `badInput` when it is none of them.
  public static func format(of url: URL) throws(SteeringError) -> DatasetFormat {
    try format(of: InputFile(contentsOf: url))
  }

  package static func items(
    in file: InputFile, source: String, format: DatasetFormat?
  ) throws(SteeringError) -> [Item] {
    let format = if let format { format } else { try self.format(of: file) }
    let items =
      switch format {
      case .anthropic: try ABReader.items(in: file, source: source, answersRequired: true)
      case .caa: try ABReader.items(in: file, source: source, answersRequired: false)
      case .contrast: try ContrastReader.items(in: file, source: source)
      case .truthfulQA: try TruthfulQAReader.items(inCSV: file, source: source)
      case .truthfulQAMultipleChoice: try TruthfulQAReader.items(inMultipleChoice: file, source: source)
      }
    guard !items.isEmpty else { throw file.error("the data set is empty; it should hold at least one row") }
    return items
  }

  private static func format(of file: InputFile) throws(SteeringError) -> DatasetFormat {
    let first = file.bytes.first { $0 > 0x20 }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return try formatOfTable(file) }
    guard let row = try DataRow.rows(in: file).first else {
      throw file.error("the data set is empty; it should hold at least one row")
    }
    if row.has("mc1_targets") { return .truthfulQAMultipleChoice }
    if row.has("contrastive_answer") { return .contrast }
    if row.has("question") { return first == UInt8(ascii: "[") ? .caa : .anthropic }
    throw row.error("the format is not recognised; a row needs at least a \"question\"")
  }

  private static func formatOfTable(_ file: InputFile) throws(SteeringError) -> DatasetFormat {
    let header = try CSVTable(file).header
    if TruthfulQAReader.columns.allSatisfy(header.contains) { return .truthfulQA }
    let names = DatasetFormat.allCases.map(\.rawValue).joined(separator: ", ")
    throw file.error("the format is not recognised; it should be one of \(names)", line: 1)
  }
}
