import Foundation
import Foundations
import Statistics
import TestSupport
import Testing
import Torch

@testable import Steering

/// Monitors: made of a recording, written and read, and tested on other rows.
@Suite("Monitors") struct MonitorSuite {
  private let made: SyntheticRecording
  private let folder: ScratchFolder

  init() throws {
    made = try SyntheticRecording(rows: 480, layers: 2, hidden: 16, pairs: 4)
    folder = try ScratchFolder()
  }

  private func monitor(_ layers: [Int]? = [0], name: String = "watch") throws -> Monitor {
    try MonitorFit(name: name).monitor(
      [("v", made.vectors, "abc")], layers: layers, made.recording, from: "synthetic")
  }

  @Test("The card's rates are those of counting on the half that chose nothing")
  func card() throws {
    let monitor = try monitor()
    let logOdds = try monitor.logOdds(made.recording)
    let rows = made.recording.rows
    let halves = try GroupHalves(labels: rows.map { $0.label ?? 0 }, groups: rows.map(\.group), seed: 0)
    let negatives = halves.measuring.filter { rows[$0].label == 0 }
    let flagged = negatives.count { logOdds[$0] >= monitor.card.threshold.value }
    #expect(monitor.card.threshold.falsePositiveRate.value == Double(flagged) / Double(negatives.count))
    let chosen = halves.choosing.filter { rows[$0].label == 0 }
    let share = Double(chosen.count { logOdds[$0] >= monitor.card.threshold.value }) / Double(chosen.count)
    #expect(share <= 0.05 && share > 0.02)
    #expect(monitor.card.validation.areas.map(\.of) == ["monitor", "prompt length", "words of the prompt"])
    let areas = monitor.card.validation.areas
    #expect((areas[0].auroc ?? 0) > 0.85 && areas[0].isBeaten == nil && areas[1].isBeaten == true)
    #expect(!monitor.card.sentences.contains { $0.contains("needs no activations") })
  }

  @Test("A monitor that a baseline matches says so")
  func unbeaten() throws {
    var recording = made.recording
    for index in recording.rows.indices {
      recording.rows[index].prompt = recording.rows[index].label == 1 ? "yes" : "no"
    }
    let monitor = try MonitorFit(name: "watch").monitor(
      [("v", made.vectors, "abc")], layers: [0], recording, from: "synthetic")
    #expect(monitor.card.validation.areas.last?.auroc == 1 && monitor.card.validation.areas.last?.isBeaten == false)
    #expect(monitor.card.sentences.contains { $0.contains("what needs no activations: words of the prompt") })
  }

  @Test("With one score a monitor orders rows as the score does")
  func order() throws {
    let monitor = try monitor()
    let cosines = try ScoreKind.cosine.scores(
      made.recording.stream(.prompt, layer: 0), vector: made.vectors.vector(0))
    let logOdds = try monitor.logOdds(made.recording)
    let byCosine = cosines.indices.sorted { cosines[$0] < cosines[$1] }
    #expect(zip(byCosine, byCosine.dropFirst()).allSatisfy { logOdds[$0] <= logOdds[$1] })
  }

  @Test("A winsorised vector watches winsorised activations, also when the monitor is read back")
  func winsorised() throws {
    var vectors = made.vectors
    vectors.provenance.winsorised = 0.2
    let fit = MonitorFit(name: "watch")
    let monitor = try fit.monitor([("v", vectors, "abc")], layers: [0], made.recording, from: "synthetic")
    var prepared = made.recording
    prepared.activations = try prepared.activations.mapValues { try Winsorising(share: 0.2)($0) }
    let expected = try fit.monitor([("v", made.vectors, "abc")], layers: [0], prepared, from: "synthetic")
    let plain = try self.monitor()
    #expect(monitor.card == expected.card && monitor.card != plain.card)
    let one = try [0: made.recording.stream(.prompt, layer: 0).narrowed(0, 5..<6)]
    #expect(abs(try monitor.logOdds(of: one) - monitor.logOdds(made.recording)[5]) < 1e-9)
    let url = folder.url.appending(path: "w.safetensors")
    try monitor.write(to: url)
    #expect(try Monitor(contentsOf: url).logOdds(made.recording) == expected.logOdds(prepared))
  }

  @Test("A monitor that is read back is the one that was written")
  func file() throws {
    let monitor = try monitor(nil)
    let url = folder.url.appending(path: "m.safetensors")
    try monitor.write(to: url)
    let read = try Monitor(contentsOf: url)
    #expect(read.card == monitor.card && read.features == monitor.features && read.directions == monitor.directions)
    #expect(try read.logOdds(made.recording) == monitor.logOdds(made.recording))
  }

  @Test("A run's target, in parts, is read as one recording")
  func parts() throws {
    let url = folder.url.appending(path: "target")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (part, rows) in [Array(0..<200), Array(200..<480)].enumerated() {
      try RecordingFolder.write(made.recording.selecting(rows), to: url.appending(path: "\(part)"))
    }
    let read = try RecordingFolder.read(url)
    #expect(read.rows == made.recording.rows && read.layers == made.recording.layers)
    let distance = try (read.stream(.prompt, layer: 1) - made.recording.stream(.prompt, layer: 1)).absolute().max()
    #expect(try distance.scalar() == 0)
  }

  @Test("What is no monitor is refused with file and remedy")
  func refusals() throws {
    let url = folder.url.appending(path: "v.safetensors")
    try made.vectors.write(to: url)
    let error = #expect(throws: TelltaleError.self) { try Monitor(contentsOf: url) }
    #expect(error?.message.contains("is no monitor file") == true && error?.location?.file == url.path)
    let other = try SyntheticRecording(rows: 80, layers: 2, hidden: 8, pairs: 4).recording
    #expect(throws: TelltaleError.self) { try monitor().logOdds(other) }
    #expect(throws: TelltaleError.self) { try monitor([7]) }
  }

  @Test("Under a planted shift the test says that the promise is broken, and on the same kind of rows it does not")
  func shift() throws {
    let monitor = try monitor()
    let same = try MonitorTests([monitor], made.recording).monitors[0]
    #expect(!same.isBroken && same.shift?.isLarge == false)
    // All rows move along the vector by as much as the behaviour does.
    let unit = try Tensor(made.vectors.unit(0)).reshaped([1, 1, 16]) * 2.0
    var moved = made.recording
    moved.activations[.prompt] = try #require(moved.activations[.prompt]) + unit
    let found = try MonitorTests([monitor], moved).monitors[0]
    #expect(found.isBroken && found.shift?.isLarge == true)
    #expect(found.sentences.contains { $0.contains("does not carry over") })
  }

  @Test("Monitors are compared pairwise on the same rows")
  func pairs() throws {
    let tests = try MonitorTests([monitor(), monitor([1], name: "other"), monitor(nil, name: "both")], made.recording)
    #expect(tests.pairs.map { "\($0.a)-\($0.b)" } == ["watch-other", "watch-both", "other-both"])
    let areas = tests.monitors.map { $0.auroc ?? 0 }
    #expect(abs(tests.pairs[0].difference - (areas[0] - areas[1])) < 1e-12)
  }

  @Test("Words of a prompt count as Bernoulli naive Bayes has them")
  func words() {
    var rows = Array(made.recording.rows.prefix(4))
    for (index, (text, label)) in [("good day", 1), ("good night", 1), ("bad day", 0), ("night night", 0)].enumerated()
    {
      (rows[index].prompt, rows[index].label) = (text, label)
    }
    // By hand: p(good) = 3/4 against 1/4; day and night 1/2 against 1/2; bad 1/4 against 1/2.
    let words = PromptWords(rows)
    let expected = log(0.75 / 0.25) + log(0.5 / 0.5) + log(0.5 / 0.5) + log(0.75 / 0.5)
    #expect(abs(words.logOdds("Good day!") - expected) < 1e-12)
  }
}
