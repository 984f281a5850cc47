import Foundation
import Foundations
import LanguageModels
import Torch

/// A piece of a run that is done once for given inputs: recording one data set with one model, extracting one vector,
/// steering with it, comparing it with others, what the audit needs of a model, the analysis.
public struct Stage: Sendable, Equatable {
  public enum Kind: String, Codable, Sendable { case record, extract, steer, audit, compare, analysis }

  public var kind: Kind
  /// Short names: `organism-split`, and the data set or vector.
  public var model: String
  public var subject: String
  /// Everything its result depends on, by what a person would call it: values, or hashes of what is long.
  public var inputs: [String: String]

  /// Raised when the same inputs come to give other files.
  static let format = "1"

  /// Names its files: `record-organism-split-facts-test`.
  public var name: String { ([kind.rawValue, model, subject].filter { !$0.isEmpty }).joined(separator: "-") }

  /// SHA-256 (hexadecimal) of the inputs.
  public var hash: String { Self.hash(inputs) }

  /// SHA-256 of a value's JSON, keys sorted.
  static func hash(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = (try? encoder.encode(value)) ?? Data()
    return SHA256.hexadecimalDigest(of: Array(data))
  }

  /// The names of the inputs that differ from those of an earlier time.
  func changes(since earlier: [String: String]) -> [String] {
    Set(inputs.keys).union(earlier.keys).filter { inputs[$0] != earlier[$0] }.sorted()
  }
}

/// `stages/<name>.json`: for which inputs a stage is being or has been done.
struct StageRecord: Codable, Sendable {
  var kind: Stage.Kind
  var hash: String
  var inputs: [String: String]
  /// Recordings: all rows, and rows a chunk.
  var rows: Int?
  var chunkRows: Int?
  /// Recordings: seconds that each chunk took, by number.
  var seconds: [String: Double] = [:]
  var started = Date()
  var finished: Date?

  init(_ stage: Stage, rows: Int? = nil, chunkRows: Int? = nil) {
    (kind, hash, inputs) = (stage.kind, stage.hash, stage.inputs)
    (self.rows, self.chunkRows) = (rows, chunkRows)
  }

  var chunks: Int? {
    guard let rows, let chunkRows, chunkRows > 0 else { return nil }
    return (rows + chunkRows - 1) / chunkRows
  }
}

extension RunDirectory {
  private func stageFile(_ name: String) -> URL { file("stages/\(name).json") }

  /// What is known of a stage; nil where it was not begun, or its record cannot be read.
  func record(of stage: String) -> StageRecord? {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let data = FileManager.default.contents(atPath: stageFile(stage).path) else { return nil }
    return try? decoder.decode(StageRecord.self, from: data)
  }

  func write(_ record: StageRecord, of stage: String) throws {
    try FileManager.default.createDirectory(at: file("stages"), withIntermediateDirectories: true)
    try write(record, json: "stages/\(stage).json")
  }

  /// Removes what a stage has made, its record first: whatever stays behind after a kill has no record and does not count.
  func forget(_ stage: Stage) throws {
    try remove(stageFile(stage.name))
    for url in outputs(of: stage) { try remove(url) }
  }

  /// The files and folders that a stage makes.
  func outputs(of stage: Stage) -> [URL] {
    switch stage.kind {
    case .record: [file("chunks/\(stage.model)-\(stage.subject)")]
    case .extract:
      [
        file("vectors/\(stage.model)-\(stage.subject).safetensors"),
        file("audit/\(stage.model)/differences-\(stage.subject).safetensors"),
      ]
    case .steer: [file("steering/\(stage.model)-\(stage.subject).json")]
    case .compare: [file("comparisons/\(stage.model)-\(stage.subject).json")]
    case .audit: [file("audit/\(stage.model)/letters.safetensors"), file("audit/\(stage.model)/planted.safetensors")]
    case .analysis:
      Analysis.tables.map { file("results/\($0).csv") } + labelFolders
    }
  }

  /// Tables by other labels than the run's own.
  private var labelFolders: [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: file("results").path)) ?? []
    return names.filter { $0.hasPrefix("labels-") }.sorted().map { file("results/\($0)") }
  }

  private func remove(_ url: URL) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    // Hidden first, so that it is there whole or not at all.
    let hidden = url.deletingLastPathComponent()
      .appendingPathComponent(".\(url.lastPathComponent).\(UInt32.random(in: 0...UInt32.max)).tmp")
    do {
      try FileManager.default.moveItem(at: url, to: hidden)
      try FileManager.default.removeItem(at: hidden)
    } catch {
      throw TelltaleError(
        .failed, "cannot be removed to be made anew; check its permissions", at: InputLocation(file: url.path))
    }
    AtomicFile.flush(folder: url.deletingLastPathComponent())
  }
}
