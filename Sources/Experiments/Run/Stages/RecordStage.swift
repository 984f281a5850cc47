import Foundation
import Steering
import Torch

/// Recording one data set with one model, chunk by chunk: the unit of work, of resume and of distribution.
///
/// Which rows belong to which chunk depends on the row's number alone, so that a resumed run computes the same rows
/// together as one that was never interrupted. One chunk is in memory at a time.
struct RecordStage: Stage {
  static let kind = "record"
  let model: ModelName
  let target: TargetName

  var subject: String { target.text }

  static func all(of experiment: Experiment, _ models: [ModelName]) -> [RecordStage] {
    models.flatMap { model in experiment.recordedDatasets.map { RecordStage(model: model, target: $0) } }
  }

  func inputs(_ run: PlannedRun) throws -> [String: String] {
    let settings = run.experiment.recording
    var inputs = run.identity(of: model)
    inputs["data set"] = run.data[target.text]
    inputs["label source"] = settings.label.description
    inputs["max-tokens"] = "\(settings.maxTokens)"
    inputs["chunk-rows"] = "\(settings.chunkRows)"
    if !run.experiment.turns.isEmpty { inputs["turns"] = run.experiment.turns.map(String.init).joined(separator: ",") }
    return inputs
  }

  func outputs(_ layout: RunLayout) -> [URL] { [layout.chunks(model, target)] }

  func isWhole(_ layout: RunLayout, _ record: StageRecord) -> Bool {
    record.chunks.map { layout.chunkNumbers(model, target) == Array(0..<$0) } ?? false
  }

  func chunkNumbers(_ layout: RunLayout) -> [Int]? { layout.chunkNumbers(model, target) }

  /// Of every chunk its sums, which those of older versions do not have.
  func summedFiles(_ layout: RunLayout, chunk: Int?) -> [URL] {
    let numbers = chunk.map { [$0] } ?? layout.chunkNumbers(model, target)
    return numbers.map { layout.chunk(model, target, $0).appending(path: FolderSums.fileName) }
  }

  func check(_ directory: RunDirectory) throws {
    let record = try directory.record(of: self)
    for number in directory.layout.chunkNumbers(model, target) {
      try directory.checkChunk(number, of: self, record)
    }
  }

  func refuseStrays(_ directory: RunDirectory) throws {
    guard let chunks = try directory.record(of: self)?.chunks else { return }
    try directory.checkNumbers(of: self, chunks: chunks)
  }

  func add(to summary: inout RunMerge.Summary, _ layout: RunLayout) {
    summary.chunks += layout.chunkNumbers(model, target).count
  }

  func workingBytes(_ estimate: ModelEstimate, _ cost: StageCost) -> Int {
    estimate.workingBytes(cost)
  }

  func cost(_ estimate: ModelEstimate) throws -> StageCost? {
    let items = try estimate.planned.items(target.text)
    var cost = StageCost(self)
    cost.prompts = items.count
    try estimate.count(recording: items, in: &cost)
    cost.newTokens = items.count * estimate.planned.experiment.recording.maxTokens
    cost.bytes =
      items.count * (estimate.activationBytes + 2 * estimate.timing.rowBytes)
      + estimate.scoreBytes(of: target, items.count)
    cost.seconds = estimate.timing.recording.map { $0 * Double(cost.tokens) }
    return cost
  }

  // MARK: Chunks

  static func ranges(rows: Int, chunkRows: Int) -> [Range<Int>] {
    stride(from: 0, to: rows, by: chunkRows).map { $0..<min(rows, $0 + chunkRows) }
  }

  func parts(_ run: PlannedRun) throws -> [StagePart] {
    try Self.ranges(rows: run.items(target.text).count, chunkRows: run.experiment.recording.chunkRows).enumerated()
      .map { StagePart(chunk: $0.offset, weight: $0.element.count) }
  }

  func isDone(_ part: StagePart, _ run: ExperimentRun) -> Bool {
    part.chunk.map { FileManager.default.fileExists(atPath: run.directory.layout.chunk(model, target, $0).path) }
      ?? false
  }

  func run(_ part: StagePart, _ run: ExperimentRun) throws {
    guard let chunk = part.chunk else { return }
    let work = try run.model(model)
    let items = try run.planned.items(target.text)
    let range = Self.ranges(rows: items.count, chunkRows: run.experiment.recording.chunkRows)[chunk]
    let (title, onRows) = ("\(work.loaded.name): recording \(target), chunk \(chunk)", run.events.onRows)
    onRows(title, 0, range.count)
    let recording = try work.recorder().record(Array(items[range])) { onRows(title, $0, range.count) }
    try run.directory.write(recording, model, target, chunk: chunk)
  }

  func run(_ run: ExperimentRun) throws {
    let work = try run.model(model)
    let title = "\(work.loaded.name): recording \(target)"
    let (recorder, items, onRows) = (try work.recorder(), try run.planned.items(target.text), run.events.onRows)
    let planned = try run.planned.stage(self)
    let tally = try record(
      items, planned, run.directory, chunkRows: run.experiment.recording.chunkRows,
      onRows: { onRows(title, $0, items.count) },
      record: { part, before in try recorder.record(part) { onRows(title, before + $0, items.count) } })
    run.manifest.recordings["\(model)/\(target)"] = tally
  }

  /// Records the chunks that are not there yet.
  ///
  /// - Parameters:
  ///   - record: makes the recording of some items.
  ///   - onRows: told how many rows are done; first, how many were kept from before.
  func record(
    _ items: [Item], _ planned: PlannedStage, _ directory: RunDirectory, chunkRows: Int, onRows: (Int) -> Void,
    record: (_ items: [Item], _ before: Int) throws -> Recording
  ) throws -> Manifest.Recording {
    var state = try directory.record(of: self) ?? StageRecord(planned, rows: items.count, chunkRows: chunkRows)
    try directory.write(state, of: self)
    var tally = Manifest.Recording()
    let ranges = Self.ranges(rows: items.count, chunkRows: chunkRows)
    let kept = Set(directory.layout.chunkNumbers(model, target))
    var done = ranges.indices.filter(kept.contains).reduce(0) { $0 + ranges[$1].count }
    onRows(done)
    for (number, range) in ranges.enumerated() {
      if let rows = try directory.storedRows(model, target, number) {
        try directory.check(rows, answer: Array(items[range]), in: directory.layout.chunk(model, target, number))
        tally.add(rows)
      } else {
        let started = Date()
        let recording = try record(Array(items[range]), done)
        try directory.write(recording, model, target, chunk: number)
        state.seconds["\(number)"] = Date().timeIntervalSince(started)
        state.files = try (state.files ?? [:]).merging(directory.sums(of: self, chunk: number)) { $1 }
        try directory.write(state, of: self)
        tally.add(recording.rows)
        done += range.count
        onRows(done)
      }
    }
    state.finished = state.finished ?? Date()
    state.files = try directory.sums(of: self)
    try directory.write(state, of: self)
    return tally
  }

  /// Writes down that the stage is begun, so that array tasks know its inputs and `telltale status` its size.
  func begin(_ run: ExperimentRun) throws {
    guard try run.directory.record(of: self) == nil else { return }
    let rows = try run.planned.items(target.text).count
    let record = StageRecord(
      try run.planned.stage(self), rows: rows, chunkRows: run.experiment.recording.chunkRows)
    try run.directory.write(record, of: self)
  }
}
