import Foundation
import Foundations
import LanguageModels
import Organisms
import Steering
import Torch

/// A run directory read back: recordings, vectors and what the audit needs, without any model.
package struct StoredRun: Sendable {
  package let experiment: Experiment
  let directory: RunDirectory

  /// - Throws: `TelltaleError` if the folder is no run directory.
  package init(_ url: URL) throws {
    directory = RunDirectory(existing: url)
    let file = directory.layout.experiment
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw TelltaleError(
        .badInput,
        "is no run directory: it holds no \(file.lastPathComponent); name the folder that telltale run made",
        at: InputLocation(file: url.path))
    }
    try directory.layout.checkVersion()
    experiment = try ExperimentFile.load(file)
  }

  /// Computes every table and the store again, alone in the directory.
  ///
  /// - Throws: `TelltaleError` naming the process that works on the directory, where one does.
  package func judge(onStage: @escaping (String) -> Void) throws -> ExperimentResults {
    let lock = try RunLock(directory.layout)
    defer { withExtendedLifetime(lock) {} }
    let results = try Analysis(self, onStage: onStage).write()
    try RunStore(directory).build(self)
    return results
  }

  func recording(_ model: ModelName, _ target: TargetName) throws -> ChunkedRecording {
    try directory.recording(model, target)
  }

  func vectors(_ model: ModelName, _ name: VectorName) throws -> SteeringVectors {
    try directory.vectors(model, name)
  }

  func steering(_ model: ModelName, _ vector: VectorName) throws -> StoredSteering {
    let stage = SteerStage(model: model, vector: vector)
    return try StoredSteering(contentsOf: directory.checked(directory.layout.steering(model, vector), of: stage))
  }

  func planted(_ model: ModelName) throws -> PlantedDirections? {
    _ = try directory.checked(directory.layout.planted(model), of: AuditStage(model: model))
    return try PlantedDirections.beside(directory.layout.audit(model))
  }

  func letters(_ model: ModelName) throws -> LetterDirection? {
    try existing(directory.checked(directory.layout.letters(model), of: AuditStage(model: model)))
      .map { try LetterDirection(contentsOf: $0) }
  }

  func differences(_ model: ModelName, _ vector: VectorName) throws -> PairDifferences? {
    let stage = ExtractStage(model: model, vector: vector)
    return try existing(directory.checked(directory.layout.differences(model, vector), of: stage))
      .map { try PairDifferences(contentsOf: $0) }
  }

  /// All comparisons of the run, in the order of its vectors.
  func comparisons() throws -> [VectorPair] {
    try experiment.comparedVectors.flatMap { model, vector in
      let stage = CompareStage(model: model, vector: vector)
      let file = try directory.checked(directory.layout.comparison(model, vector), of: stage)
      return try StoredComparison(contentsOf: file).pairs
    }
  }

  func existing(_ url: URL) -> URL? { FileManager.default.fileExists(atPath: url.path) ? url : nil }
}

// MARK: Reading chunks

extension RunDirectory {
  func vectors(_ model: ModelName, _ name: VectorName) throws -> SteeringVectors {
    try SteeringVectors(
      contentsOf: checked(layout.vector(model, name), of: ExtractStage(model: model, vector: name)))
  }

  /// No recording holds more rows.
  private static let mostRows = 10_000_000

  /// All chunks of a recording, whose activations stay in their files.
  func recording(_ model: ModelName, _ target: TargetName) throws -> ChunkedRecording {
    let numbers = layout.chunkNumbers(model, target)
    let place = InputLocation(file: layout.chunks(model, target).path)
    guard !numbers.isEmpty else {
      throw TelltaleError(.badInput, "holds no chunks; run the experiment to its end", at: place)
    }
    let stage = RecordStage(model: model, target: target)
    let record = try record(of: stage)
    try checkWhole(stage, record)
    var rows: [RecordedRow] = []
    var shapes: [(layers: [Int], widths: [ReadPosition: Int])] = []
    var parts: [ChunkedRecording.Part] = []
    for number in numbers {
      let chunk = layout.chunk(model, target, number)
      try checkChunk(number, of: stage, record)
      let held = try self.chunk(chunk)
      rows += held.rows
      shapes.append((held.layers, held.activations.mapValues { $0.size(-1) }))
      let count = held.rows.count
      parts.append(ChunkedRecording.Part(rows: count) { try Self.activations(chunk, rows: count).activations })
    }
    guard let first = shapes.first, shapes.allSatisfy({ $0.layers == first.layers && $0.widths == first.widths }) else {
      throw TelltaleError(.badInput, "holds chunks of different layers or widths; record it again", at: place)
    }
    return ChunkedRecording(rows: rows, layers: first.layers, widths: first.widths, parts: parts)
  }

  /// The chunks of a recording that are there, one in memory at a time.
  func eachChunk(
    _ model: ModelName, _ target: TargetName, _ body: (_ number: Int, Recording) throws -> Void
  ) throws {
    let stage = RecordStage(model: model, target: target)
    let record = try record(of: stage)
    if let all = record?.chunks { try checkNumbers(of: stage, chunks: all) }
    for number in layout.chunkNumbers(model, target) {
      try checkChunk(number, of: stage, record)
      try body(number, chunk(layout.chunk(model, target, number)))
    }
  }

  /// The rows of one chunk; nil where it is not there.
  func storedRows(_ model: ModelName, _ target: TargetName, _ number: Int) throws -> [RecordedRow]? {
    let folder = layout.chunk(model, target, number)
    guard FileManager.default.fileExists(atPath: folder.path) else { return nil }
    let stage = RecordStage(model: model, target: target)
    try checkChunk(number, of: stage, record(of: stage))
    return try chunk(folder).rows
  }

  private func chunk(_ folder: URL) throws -> Recording {
    let rows = try rows(folder.appendingPathComponent(RecordingFolder.rowsName))
    let (layers, activations) = try Self.activations(folder, rows: rows.count)
    return Recording(rows: rows, layers: layers, activations: activations)
  }

  /// The activations of a chunk, which lie in its file.
  private static func activations(
    _ folder: URL, rows: Int
  ) throws -> (layers: [Int], activations: [ReadPosition: Tensor]) {
    let file = try SafetensorsFile(folder.appendingPathComponent(RecordingFolder.activationsName))
    let layers = (file.metadata["layers"] ?? "").split(separator: ",").compactMap { Int($0) }
    var activations: [ReadPosition: Tensor] = [:]
    for name in file.names {
      let tensor = try file.tensor(name)
      guard let position = ReadPosition(rawValue: name), tensor.rank == 3, tensor.dtype == .float32,
        tensor.size(0) == rows, tensor.size(1) == layers.count, Set(layers).count == layers.count
      else {
        throw TelltaleError(
          .badInput,
          "does not fit its rows.jsonl: float32 [\(rows) rows, layers, hidden] at a read position is "
            + "meant; remove the chunk and record it again", at: InputLocation(file: file.url.path, item: name))
      }
      activations[position] = tensor
    }
    return (layers, activations)
  }

  private func rows(_ url: URL) throws -> [RecordedRow] {
    let place = InputLocation(file: url.path)
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "cannot be read; remove the chunk and record it again", at: place)
    }
    var rows: [RecordedRow] = []
    let decoder = JSONDecoder()
    for (index, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard index < Self.mostRows else {
        throw TelltaleError(.badInput, "holds over \(Self.mostRows) rows; split the run", at: place)
      }
      guard let row = try? decoder.decode(RecordedRow.self, from: Data(line)),
        row.label.map({ $0 == 0 || $0 == 1 }) ?? true
      else {
        throw TelltaleError(
          .badInput, "is no row of a recording; remove the chunk and record it again",
          at: InputLocation(file: url.path, line: index + 1))
      }
      rows.append(row)
    }
    return rows
  }
}
