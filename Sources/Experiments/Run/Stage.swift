import Foundation
import Foundations

/// A piece of a run that is done once for given inputs, such as recording one data set with one model. A further type of
/// stage is one file and a place in `Experiment.stageTypes`.
protocol Stage: Sendable {
  /// Its first name in files and tables.
  static var kind: String { get }
  /// Whether it is done with a model loaded, after the other stages of that model; else of files alone, when all models
  /// are done.
  static var needsModel: Bool { get }
  /// Whether it is done at the end of every run, since what it returns is shown.
  static var isRepeated: Bool { get }
  /// Those of an experiment with these models.
  static func all(of experiment: Experiment, _ models: [ModelName]) -> [Self]

  /// Empty where it is of all models.
  var model: ModelName { get }
  /// The data set or vector; empty where it is of a whole model.
  var subject: String { get }

  /// Everything its result depends on, by what a person would call it: values, or hashes of what is long. Those of the
  /// stages before it are known.
  func inputs(_ run: PlannedRun) throws -> [String: String]
  /// The files and folders that it makes.
  func outputs(_ layout: RunLayout) -> [URL]
  /// The files whose sums its record states; of one chunk alone where a number is given.
  func summedFiles(_ layout: RunLayout, chunk: Int?) -> [URL]
  /// Refuses files that have changed since it wrote them.
  func check(_ directory: RunDirectory) throws
  /// Refuses chunks that it cannot have made.
  func refuseStrays(_ directory: RunDirectory) throws
  /// Whether all that it makes is there, given what is known of it.
  func isWhole(_ layout: RunLayout, _ record: StageRecord) -> Bool
  /// The numbers of the chunks that are there, ascending; nil of a stage that is made in one piece.
  func chunkNumbers(_ layout: RunLayout) -> [Int]?
  /// Adds what it made to the summary of a merge.
  func add(to summary: inout RunMerge.Summary, _ layout: RunLayout)
  /// Memory that it takes in addition to the weights.
  func workingBytes(_ estimate: ModelEstimate, _ cost: StageCost) -> Int
  /// What it computes; nil for nothing worth counting.
  func cost(_ estimate: ModelEstimate) throws -> StageCost?
  /// The parts that tasks of a job array can do in any order; none where it needs what other stages make.
  func parts(_ run: PlannedRun) throws -> [StagePart]
  func isDone(_ part: StagePart, _ run: ExperimentRun) throws -> Bool
  /// Does one part; that the stage is done is left to whoever has the directory alone.
  func run(_ part: StagePart, _ run: ExperimentRun) throws
  func run(_ run: ExperimentRun) throws
}

/// A part of a stage: a chunk of a recording, or all of it.
struct StagePart {
  /// Recordings only.
  var chunk: Int?
  /// About how many prompts it computes.
  var weight: Int
}

extension Stage {
  static var needsModel: Bool { true }
  static var isRepeated: Bool { false }

  /// Names it in sentences and in tables of times: `record/organism-split/facts-test`.
  var name: String { [Self.kind, model.text, subject].filter { !$0.isEmpty }.joined(separator: "/") }

  func isWhole(_ layout: RunLayout, _ record: StageRecord) -> Bool {
    if let files = record.files { return layout.areThere(files) }
    return outputs(layout).first.map { FileManager.default.fileExists(atPath: $0.path) } ?? true
  }

  func chunkNumbers(_ layout: RunLayout) -> [Int]? { nil }

  func summedFiles(_ layout: RunLayout, chunk: Int?) -> [URL] { outputs(layout) }

  func check(_ directory: RunDirectory) throws {
    for file in outputs(directory.layout) { _ = try directory.checked(file, of: self) }
  }

  func refuseStrays(_ directory: RunDirectory) throws {}

  func add(to summary: inout RunMerge.Summary, _ layout: RunLayout) {}

  func workingBytes(_ estimate: ModelEstimate, _ cost: StageCost) -> Int { 0 }

  func cost(_ estimate: ModelEstimate) throws -> StageCost? { nil }

  func parts(_ run: PlannedRun) throws -> [StagePart] { [] }

  func isDone(_ part: StagePart, _ run: ExperimentRun) throws -> Bool { try run.isDone(self) }

  func run(_ part: StagePart, _ run: ExperimentRun) throws { try self.run(run) }
}

extension Experiment {
  /// Every type of stage, in the order in which those of a model are done, then those that need no model.
  static let stageTypes: [any Stage.Type] = [
    RecordStage.self, ExtractStage.self, SteerStage.self, AuditStage.self, CompareStage.self, AnalysisStage.self,
  ]

  /// The stages of a run, in the order in which they are done.
  var stages: [any Stage] {
    func all(_ type: any Stage.Type, _ models: [ModelName]) -> [any Stage] { type.all(of: self, models) }
    let ofModels = modelNames.flatMap { model in
      Self.stageTypes.filter { $0.needsModel }.flatMap { all($0, [model]) }
    }
    return ofModels + Self.stageTypes.filter { !$0.needsModel }.flatMap { all($0, modelNames) }
  }
}

/// A stage with its inputs.
struct PlannedStage: Sendable {
  let stage: any Stage
  let inputs: [String: String]
  /// SHA-256 (hexadecimal) of the inputs.
  let hash: String

  init(_ stage: any Stage, inputs: [String: String]) {
    (self.stage, self.inputs, hash) = (stage, inputs, ContentHash.json(inputs))
  }

  /// Raised when the same inputs come to give other files.
  static let format = "1"

  var name: String { stage.name }

  /// The names of the inputs that differ from those of an earlier time.
  func changes(since earlier: [String: String]) -> [String] { Self.changes(inputs, earlier) }

  static func changes(_ inputs: [String: String], _ earlier: [String: String]) -> [String] {
    Set(inputs.keys).union(earlier.keys).filter { inputs[$0] != earlier[$0] }.sorted()
  }
}

/// For which inputs a stage is being or has been done.
struct StageRecord: Codable, Sendable {
  var kind: String
  var hash: String
  var inputs: [String: String]
  /// Recordings: all rows, and rows a chunk.
  var rows: Int?
  var chunkRows: Int?
  /// Recordings: seconds that each chunk took, by number.
  var seconds: [String: Double] = [:]
  /// SHA-256 of all that was made, by path in the run directory; nil in records of older versions and before anything is.
  var files: [String: String]?
  /// SHA-256 of the record as it is stored, with zeros instead of these digits.
  var sum: String?
  var started = Date()
  var finished: Date?

  init(_ planned: PlannedStage, rows: Int? = nil, chunkRows: Int? = nil) {
    (kind, hash, inputs) = (type(of: planned.stage).kind, planned.hash, planned.inputs)
    (self.rows, self.chunkRows) = (rows, chunkRows)
  }

  var chunks: Int? {
    guard let rows, let chunkRows, chunkRows > 0 else { return nil }
    return (rows + chunkRows - 1) / chunkRows
  }
}

/// Names of contents.
package enum ContentHash {
  /// SHA-256 as 64 hexadecimal digits.
  package static func sha256(_ text: String) -> String { SHA256.hexadecimalDigest(of: Array(text.utf8)) }

  /// SHA-256 of a value's JSON, keys sorted.
  static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = (try? encoder.encode(value)) ?? Data()
    return SHA256.hexadecimalDigest(of: Array(data))
  }
}
