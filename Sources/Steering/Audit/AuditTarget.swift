import Foundations
import LanguageModels
import Statistics
import Torch

/// The rows of a recording that can be judged at a read position: those with a label and an activation there.
public struct AuditTarget: Sendable {
  /// More rows than this are scored in blocks of `blockRows`, and what compares rows with rows is computed of as many drawn
  /// at random.
  public static let mostRows = 8_192
  static let blockRows = 2_048

  private let recording: ChunkedRecording
  public let position: ReadPosition
  /// Which rows of the recording they are.
  public let indices: [Int]
  public let rows: [RecordedRow]
  public let labels: [Int]
  public let groups: [String]
  private let letters: [String]?
  private let sources: [String]
  private let userSides: [String]?
  /// Facts of the rows that are held fixed besides template, turn and persona.
  private let columns: [String]
  /// What is done to every activation before anything is computed of it; nil is nothing.
  public private(set) var winsorising: Winsorising?
  public var layers: [Int] { recording.layers }
  /// The width of the residual stream.
  var width: Int { recording.widths[position] ?? 0 }

  /// - Parameter columns: facts of the rows that are held fixed besides template, turn and persona.
  /// - Throws: `TelltaleError` if no row has a label, nothing was recorded at the position, or a row lacks one of the columns.
  public init(
    _ recording: ChunkedRecording, at position: ReadPosition, keeping columns: [String] = []
  ) throws(TelltaleError) {
    guard recording.widths[position] != nil else {
      throw TelltaleError(
        .badInput, "the recording has no activations at \"\(position.rawValue)\"; record them at that position")
    }
    let indices = recording.rows.indices.filter {
      recording.rows[$0].label != nil && recording.rows[$0].isRead(at: position)
    }
    guard !indices.isEmpty else {
      throw TelltaleError(
        .failed,
        "none of \(recording.rows.count) answers could be given a label, so nothing can be predicted; "
          + "try recording.label: forced-choice")
    }
    try Self.check(columns, recording.rows)
    self.init(recording, position, indices, columns)
  }

  public init(
    _ recording: Recording, at position: ReadPosition, keeping columns: [String] = []
  ) throws(TelltaleError) {
    try self.init(ChunkedRecording(recording), at: position, keeping: columns)
  }

  private static func check(_ columns: [String], _ rows: [RecordedRow]) throws(TelltaleError) {
    for column in columns {
      guard let row = rows.first(where: { $0.facts?[column] == nil }) else { continue }
      let known = (rows.first?.facts ?? [:]).keys.sorted().map(SafeText.quoted).joined(separator: ", ")
      throw TelltaleError(
        .badInput,
        "the row \(row.id) says nothing of \"\(SafeText.quoted(column))\", which should be held fixed; the recording's rows have "
          + (known.isEmpty ? "no facts" : known))
    }
  }

  private init(
    _ recording: ChunkedRecording, _ position: ReadPosition, _ indices: [Int], _ columns: [String]
  ) {
    (self.recording, self.position, self.indices, self.columns) = (recording, position, indices, columns)
    rows = indices.map { recording.rows[$0] }
    labels = rows.map { $0.label ?? 0 }
    groups = rows.map(\.group)
    letters = Self.known(\.letter, rows)
    sources = rows.map(\.source)
    userSides = Self.known(\.userSide, rows)
  }

  /// At most `mostRows` of the rows, drawn at random, in their order; all where there are no more.
  public func drawn(seed: UInt64) -> AuditTarget {
    guard rows.count > Self.mostRows else { return self }
    var generator = SeededGenerator(seed: seed)
    return AuditTarget(recording, position, generator.shuffled(indices).prefix(Self.mostRows).sorted(), columns)
      .winsorised(by: winsorising)
  }

  /// The same rows with their activations winsorised (again from what was recorded), or not.
  public func winsorised(by winsorising: Winsorising?) -> AuditTarget {
    var target = self
    target.winsorising = winsorising
    return target
  }

  /// Float32 [rows, hidden].
  func stream(layer: Int) throws -> Tensor { try stream(layer: layer, indices) }

  private func stream(layer: Int, _ rows: [Int]) throws -> Tensor {
    let stored = try recording.stream(position, layer: layer, rows: rows)
    return try winsorising?(stored) ?? stored
  }

  /// All rows of a layer, in blocks: float32 [rows of the range, hidden].
  func eachBlock(layer: Int, _ body: (_ rows: Range<Int>, Tensor) throws -> Void) throws {
    let size = rows.count > Self.mostRows ? Self.blockRows : rows.count
    for start in stride(from: 0, to: rows.count, by: size) {
      let range = start..<min(rows.count, start + size)
      try body(range, stream(layer: layer, Array(indices[range])))
    }
  }

  /// The rows with a score each, and what is known of where they come from.
  public func scored(by scores: [Double]) throws(StatisticsError) -> ScoredRows {
    try ScoredRows(
      scores: scores, labels: labels, groups: groups, letters: letters, sources: sources, userSides: userSides,
      covariates: covariates)
  }

  /// The prompt's length, what the data set says of every row's template, turn and persona, and the columns asked for.
  private var covariates: [Covariate] {
    let length = Covariate(name: "prompt length", values: .numeric(rows.map { Double($0.promptTokens) }))
    let known = ["template", "turn", "persona"]
    let facts = (known + columns.filter { !known.contains($0) }).compactMap { name -> Covariate? in
      let cells = rows.compactMap { $0.facts?[name] }
      let isSampled = name == "template" || name == "persona"
      return cells.count == rows.count ? Covariate(name: name, cells: cells, isSampled: isSampled) : nil
    }
    return [length] + facts
  }

  /// The questions of the rows, by name, id and text, to find a vector that was made of them.
  var questionKeys: Set<String> { Set(rows.flatMap { [$0.group, $0.question] }) }

  /// The rows with their cosines to a vector [hidden]; `nil` where layer or width do not fit the recording.
  public func cosines(_ vector: [Float], layer: Int) throws -> ScoredRows? {
    guard layers.contains(layer), width == vector.count, vector.contains(where: { $0 != 0 }) else { return nil }
    var scores: [Double] = []
    try eachBlock(layer: layer) { scores += try ScoreKind.cosine.scores($1, vector: vector) }
    return try scored(by: scores)
  }

  /// Float [hidden], the mean of rows with label 1 minus that of rows with label 0; `nil` where a class is empty.
  func classMeanDifference(layer: Int) throws -> [Float]? {
    let ones = labels.reduce(0, +)
    guard ones > 0, ones < labels.count, layers.contains(layer) else { return nil }
    let weights = labels.map { $0 == 1 ? 1 / Double(ones) : -1 / Double(labels.count - ones) }
    var sum: Tensor?
    try eachBlock(layer: layer) { range, block in
      let part = try Tensor(Array(weights[range])).matmul(block.converted(to: .float64))
      sum = try sum.map { try $0 + part } ?? part
    }
    return try sum?.floats()
  }

  /// Baselines that need no activations: the answer letter, the length of the prompt (which the joint fit holds fixed as
  /// covariates), and, as a mark to measure by, the model's own logit difference.
  func rowBaselines() -> [AuditBaseline] {
    var baselines: [AuditBaseline] = []
    if let letters {
      baselines.append(AuditBaseline(name: "answer letter", scores: shareOfPositives(letters), isTrivial: true))
    }
    baselines.append(
      AuditBaseline(name: "prompt length", scores: rows.map { Double($0.promptTokens) }, isTrivial: true))
    if let margins = Self.known(\.logitDifference, rows) {
      baselines.append(AuditBaseline(name: "model's own logit difference", scores: margins, isTrivial: false))
    }
    return baselines
  }

  /// AUROC of the model's own logit difference; `nil` where it was not measured for every row or is undefined.
  public var logitBaselineAUROC: Double? {
    Self.known(\.logitDifference, rows).flatMap { Measures.auroc(scores: $0, labels: labels) }
  }

  /// A property that is known of every row, or `nil`.
  private static func known<Value>(_ property: KeyPath<RecordedRow, Value?>, _ rows: [RecordedRow]) -> [Value]? {
    let values = rows.compactMap { $0[keyPath: property] }
    return values.count == rows.count ? values : nil
  }

  /// Each row's letter scored by its share of positives, so that the score does not depend on the letters' order.
  private func shareOfPositives(_ letters: [String]) -> [Double] {
    let byLetter = Dictionary(grouping: labels.indices, by: { letters[$0] })
    let shares = byLetter.mapValues { rows in Double(rows.reduce(0) { $0 + labels[$1] }) / Double(rows.count) }
    return letters.map { shares[$0] ?? 0 }
  }
}
