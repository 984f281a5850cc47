import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import Statistics
import Steering

/// `telltale predict --recording DIR --vector FILE`: whether the cosine with a vector predicts the labels of a recording.
struct RecordingPrediction: ParsableArguments {
  @Option(help: "The folder of a recording (telltale record) whose labels a vector should predict; with --vector.")
  var recording: String?
  @Option(help: "The vector (telltale extract). Differences that --keep-differences kept next to it are used.")
  var vector: String?
  @Option(help: "With --recording: all, or layers such as 13 or 8-20, counted from 0.")
  var layers = LayerList.all
  @Option(help: "With --recording: where activations were read, prompt or continuation.")
  var position = ReadPosition.prompt
  @Option(
    name: .customLong("covariate"),
    help: """
      With --recording: a fact of the rows (an entry of "facts" in the data) that is held fixed besides letter, source, user \
      side, prompt length, template, turn and persona; may be given several times.
      """)
  var covariates: [String] = []
  @Option(
    help: """
      With --recording: winsorise this share of the coordinates of every activation, 0 to leave them as they are (default: as \
      the vector was made; docs/vectors.md).
      """)
  var winsorise: Double?

  var isAsked: Bool { recording != nil || vector != nil }

  func validate() throws {
    guard (recording == nil) == (vector == nil) else {
      throw ValidationError("--recording and --vector go together: name a recording's folder and a vector's file")
    }
    guard isAsked || (layers.numbers == nil && position == .prompt && covariates.isEmpty && winsorise == nil)
    else {
      throw ValidationError("--layers, --position, --covariate and --winsorise go with --recording")
    }
    guard covariates.count <= 100 else { throw ValidationError("--covariate may be given at most 100 times") }
  }

  /// The report on the layers that recording and vector share, the best of which is judged as one of so many.
  func report(comparisons: Int, permutations: Int, seed: UInt64) throws -> RecordingReport {
    guard let recording, let vector else { throw ValidationError("name --recording and --vector") }
    let url = URL(fileURLWithPath: vector)
    let subject = try AuditedVector(SteeringVectors(contentsOf: url), origin: origin(of: url))
    var options = RecordingAudit.Options()
    (options.permutations, options.seed) = (permutations, seed)
    let held = try RecordingFolder.read(URL(fileURLWithPath: recording))
    let chosen = try chosen(held, subject.vectors)
    let winsorising = try winsorise.map { try $0 == 0 ? nil : Winsorising(share: $0) } ?? subject.vectors.winsorising
    let rows = try AuditTarget(held, at: position, keeping: covariates).winsorised(by: winsorising)
    let judged = try RecordingAudit(rows, layers: chosen, options: options).judge(subject)
    guard let audit = try judged.verdict(layers: Set(chosen), comparisons: comparisons) else {
      throw TelltaleError(.badInput, "\(vector) cannot be judged at any layer of \(recording)")
    }
    return RecordingReport(
      target: URL(fileURLWithPath: recording).lastPathComponent, position: position, vectors: subject.vectors,
      winsorising: winsorising, judged: judged, audit: audit, permutations: permutations, seed: seed)
  }

  private func origin(of vector: URL) throws -> VectorOrigin? {
    let differences = PairDifferences.url(beside: vector)
    guard FileManager.default.fileExists(atPath: differences.path) else { return nil }
    return .pairs(try PairDifferences(contentsOf: differences))
  }

  private func chosen(_ recording: Recording, _ vectors: SteeringVectors) throws -> [Int] {
    let shared = vectors.sortedLayers.filter(recording.layers.contains)
    guard let wanted = layers.numbers else { return shared }
    if let missing = wanted.first(where: { !shared.contains($0) }) {
      throw TelltaleError(
        .badInput,
        "--layers names layer \(missing), which recording and vector do not both have; they share "
          + "layers \(shared.map(String.init).joined(separator: ", "))")
    }
    return wanted
  }
}

/// What `telltale predict --recording` prints: a line for every layer, then the verdict.
struct RecordingReport {
  let target: String
  let position: ReadPosition
  let vectors: SteeringVectors
  let winsorising: Winsorising?
  let audit: Audit
  /// One per layer.
  let rows: [PredictivityRow]

  init(
    target: String, position: ReadPosition, vectors: SteeringVectors, winsorising: Winsorising?, judged: JudgedVector,
    audit: Audit, permutations: Int, seed: UInt64
  ) {
    (self.target, self.position, self.vectors, self.audit) = (target, position, vectors, audit)
    self.winsorising = winsorising
    let score = ScoreKind.cosine.rawValue + (winsorising.map { ", winsorised \($0.share)" } ?? "")
    rows = judged.layers.compactMap { layer in
      layer.scores[.cosine].map { scored in
        PredictivityRow(
          target: target, position: position.rawValue, layer: layer.layer, score: score,
          predictivity: Predictivity(scored, permutations: permutations, seed: seed))
      }
    }
  }

  func print(json: Bool) throws {
    let report = ScoreReport(rows: rows, audits: [audit], unusable: [], labelErrors: [])
    if json { return try report.print(json: true) }
    let (rows, positives) = (self.rows.first?.predictivity.n ?? 0, self.rows.first?.predictivity.positives ?? 0)
    Output.line("\(SafeText.visible(target)): \(rows) labelled answers, \(positives) show the behaviour")
    if let winsorising {
      let cut = winsorising.count(of: vectors.hiddenSize)
      Output.line("activations winsorised: the \(cut) largest of their \(vectors.hiddenSize) coordinates")
    }
    Output.line("AUROC of the cosine at the \(position.rawValue) [95 % interval, clustered by question]")
    table.values(self.rows).print()
    Output.line("")
    report.describe(audit)
  }

  private var table: Table<PredictivityRow> {
    let reliability = vectors.provenance.reliability
    return Table(
      "layers", "A layer that the vector and the recording share.",
      [
        .integer("layer") { $0.layer },
        .text("reliability") { row in row.layer.flatMap { reliability[$0] }.map { String(format: "%.3f", $0) } },
        .text("AUROC") { row in
          ShownNumber.text(row.predictivity.auroc, row.predictivity.aurocLow, row.predictivity.aurocHigh)
        },
        .text("within questions") { row in row.predictivity.aurocWithinGroup.map { String(format: "%.3f", $0) } },
      ])
  }
}
