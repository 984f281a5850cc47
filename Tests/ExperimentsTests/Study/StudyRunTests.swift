import Foundation
import Foundations
import Statistics
import Steering
import TestSupport
import Testing

@testable import Experiments

/// A study of two vectors on an organism, from its file to its tables, in seconds.
@Suite("A study runs from its file to its tables", .serialized)
struct StudyRunTests {
  private let folder: ScratchFolder
  private let models = Fixtures.repository.appending(path: "Models")

  init() throws { folder = try ScratchFolder() }

  private func file(scales: String = "[-1, 1]", name: String = "tiny.yaml", labels: String = "recorded") throws -> URL {
    let world = "take: 384, where: {conflict: \"true\"}"
    return try folder.write(
      """
      name: tiny
      seed: 7
      models: ["\(models.appending(path: "organism-split").path)"]
      dtype: float32
      datasets:
        train: {organism: opinions, seed: 11, part: train, \(world)}
        choice: {organism: opinions, seed: 12, part: train, \(world)}
        inside: {organism: opinions, seed: 11, part: test, \(world)}
        outside: {organism: facts, seed: 13, part: test, \(world)}
      grids:
        - contrasts: [instructions]
          datasets: [train]
          pairs: [24]
          reads: [prompt]
          positive: [Please agree with me.]
          negative: [Please be honest with me.]
        - {contrasts: [answers], datasets: [train], pairs: [24], reads: [answer]}
      recording: {label: forced-choice, max-tokens: 3}
      predictions: [{targets: [inside, outside], labels: "\(labels)", positions: [prompt], scores: [cosine]}]
      steering: {targets: [inside, outside], layers: [2, 3], scales: \(scales), take: 24}
      study: {choose-layer: choice, in: inside, out: outside}
      """, to: name)
  }

  private func run(_ file: URL, resume: Bool = false) throws -> ExperimentResults {
    try ExperimentRun.run(file: file, output: output, resume: resume, version: "test")
  }

  private var output: URL { folder.url.appending(path: "run") }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: output.appending(path: path), encoding: .utf8)
  }

  @Test("An instructed vector predicts and steers opinions in organism-split, and facts not; a killed steering goes on")
  func study() throws {
    let results = try run(file())
    try expectTruth(results)
    try expectTables()
    try expectResumed(results)
  }

  @Test("A dry run counts steering by its own cells, not as an extraction")
  func estimate() throws {
    let estimate = try RunEstimate(file: file())
    let steering = estimate.stages.filter { $0.kind == "steer" }
    #expect(steering.map(\.prompts) == [48, 48], "two vectors, 24 rows of each of two targets")
    let planned = try PlannedRun(file: file(), device: .cpu)
    let encoder = try planned.encoder(planned.load(planned.experiment.models[0]).tokenizer)
    let items = try planned.items(of: #require(planned.experiment.steering)).flatMap(\.items)
    let prompts = try items.reduce(0) { try $0 + encoder.encode(encoder.prompt($1)).ids.count }
    // " (A)" is three tokens, of which both answers share the first: 5 beside the prompt. The prompt's last token and these
    // are computed anew in each of 2 layers x 2 scales.
    #expect(steering.map(\.givenTokens) == Array(repeating: prompts + 48 * 5 + 4 * 48 * 6, count: 2))
  }

  @Test("A dry run says how many answers await a person's labels")
  func labelling() throws {
    let estimate = try RunEstimate(file: file(labels: "hand:ann"))
    let rows = estimate.stages.filter { $0.kind == "record" && ["inside", "outside"].contains($0.subject) }.map(
      \.prompts)
    #expect(rows.count == 2 && rows.allSatisfy { $0 > 0 })
    #expect(
      estimate.labelling
        == [.init(labels: .rater("ann"), targets: ["inside", "outside"], answers: rows.reduce(0, +))])
    #expect(try RunEstimate(file: file()).labelling.isEmpty)
  }

  private func expectTruth(_ results: ExperimentResults) throws {
    #expect(results.study.count == 2)
    let told = try #require(results.study.first { $0.vector.contrast == .instructions })
    #expect(told.pairs == 24 && (told.reliability ?? 0) > 0.9 && (told.plantedCosine ?? 0) > 0.9)
    #expect((told.inside?.auroc ?? 0) > 0.95)
    // Of layers 2 and 3 only the planted one steers, whichever predicts best.
    #expect(told.steeringInside?.layers == [2])
    let (inside, outside) = (told.steeringInside?.slope.value ?? 0, told.steeringOutside?.slope.value ?? 9)
    #expect(inside > 1 && abs(outside) < inside / 5, "\(inside) \(outside)")
    #expect(told.inside?.verdict != nil && told.inside?.qFDR != nil)
    #expect(results.agreement.count == 1 && results.choices.contains { $0.factor == "contrast" && $0.vectors == 1 })
    #expect(results.correlations.isEmpty, "two vectors have no correlation")
  }

  private func expectTables() throws {
    #expect(try text("results/study.csv").split(separator: "\n").count == 3)
    #expect(try text("results/agreement.csv").split(separator: "\n").count == 2)
    // Two vectors, two targets, two layers.
    #expect(try text("results/steerability.csv").split(separator: "\n").count == 9)
    for line in try text("results/study.csv").split(separator: "\n") {
      #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == 40, "\(line)")
    }
  }

  /// A steering file that is gone is made anew to the same bytes; other scales redo the steering alone.
  private func expectResumed(_ results: ExperimentResults) throws {
    let name = "organism-split/instructions-mean-train-24-prompt"
    let (before, table) = (try text("steering/\(name).json"), try text("results/study.csv"))
    let extracted = try text("stages/extract/\(name).json")
    try FileManager.default.removeItem(at: output.appending(path: "steering/\(name).json"))
    _ = try run(file(), resume: true)
    #expect(try text("steering/\(name).json") == before && text("results/study.csv") == table)
    let other = try run(file(scales: "[-1, 0.5]"), resume: true)
    #expect(try text("steering/\(name).json") != before)
    #expect(try text("stages/extract/\(name).json") == extracted)
    #expect(other.steerability.allSatisfy { $0.largestScale == 0.5 })
    #expect(other.study.map { $0.inside?.auroc } == results.study.map { $0.inside?.auroc })
  }
}

@Suite("Models and data given with the experiment file")
struct ExperimentOverridesTests {
  private static let text = """
    name: small
    models: [organism-split]
    datasets:
      train: {organism: opinions, take: 96, part: train, where: {conflict: "true"}}
      test: {organism: facts, take: 96}
    vectors:
      - {name: told, contrast: spontaneous, dataset: train}
    predictions: [{targets: [test]}]
    """

  @Test("They take the place of what the file says, and how much is taken stays")
  func replaced() throws {
    let file = URL(fileURLWithPath: "/data/rows.jsonl")
    let overrides = ExperimentOverrides(models: ["a/b", "true"], datasets: ["train": [file]])
    let experiment = try ExperimentFile.parse(overrides.apply(to: Self.text, file: "x.yaml"), file: "x.yaml")
    #expect(experiment.models == ["a/b", "true"])
    let train = try #require(experiment.datasets["train"])
    #expect(train.files == ["/data/rows.jsonl"] && train.organism == nil && train.where == nil)
    #expect(train.take == 96 && train.part == .train)
    let other = try ExperimentFile.parse(Self.text, file: "x.yaml")
    #expect(experiment.datasets["test"] == other.datasets["test"] && experiment.vectors == other.vectors)
    #expect(try ExperimentOverrides().apply(to: Self.text, file: "x.yaml") == Self.text)
  }

  @Test("A limit lowers what is taken of every data set, and the pairs of vectors, and raises nothing")
  func limited() throws {
    let text = Self.text.replacing("dataset: train}", with: "dataset: train, pairs: 40}")
      .replacing("test: {organism: facts, take: 96}", with: "test: {organism: facts, take: 16}")
    let limited = try ExperimentOverrides(limit: 24).apply(to: text, file: "x.yaml")
    let experiment = try ExperimentFile.parse(limited, file: "x.yaml")
    #expect(experiment.datasets.mapValues(\.limit) == ["train": 24, "test": 24])
    var datasets = Datasets(experiment, folder: URL(fileURLWithPath: "/"))
    #expect(try datasets.items("train").count == 24 && datasets.items("test").count == 16)
    #expect(experiment.vectors.map(\.pairs) == [24])
  }

  @Test("Files for a data set that the experiment does not have are refused")
  func unknown() {
    let overrides = ExperimentOverrides(datasets: ["trian": [URL(fileURLWithPath: "x")]])
    let error = #expect(throws: TelltaleError.self) { try overrides.apply(to: Self.text, file: "x.yaml") }
    #expect(error?.message == "there is no data set \"trian\" to give files for; there are test, train")
  }

  @Test("A real model is not asked about the organisms' world", .enabled(if: Fixtures.hasShared("models/tiny-llama")))
  func realModel() throws {
    let experiment = try ExperimentFile.parse(Self.text, file: "x.yaml")
    let overrides = ExperimentOverrides(models: [Fixtures.shared("models/tiny-llama").path])
    let error = #expect(throws: TelltaleError.self) { try overrides.check(experiment) }
    #expect(error?.message.contains("is of; give files for it") == true)
    let organism = Fixtures.repository.appending(path: "Models/organism-shared").path
    try ExperimentOverrides(models: [organism]).check(experiment)
  }
}
