import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

@Suite("Where the files of a run lie")
struct RunLayoutTests {
  private let layout = RunLayout(URL(fileURLWithPath: "/run"))

  @Test("No two names of models and targets, or of models and vectors, share a place")
  func noCollisions() {
    let names = ["m", "m-split", "x", "split-x", "m/split", "m%2Fsplit", "..", ".", "%2E", "", "a b", "ä", "M"]
    var places: [String: [String]] = [:]
    for first in names {
      for second in names where !second.isEmpty {
        let (model, vector, target) = (ModelName(first), VectorName(second), TargetName(second))
        let own = [
          layout.chunks(model, target), layout.vector(model, vector), layout.steering(model, vector),
          layout.comparison(model, vector), layout.differences(model, vector),
          layout.record(of: RecordStage(model: model, target: target)),
          layout.record(of: ExtractStage(model: model, vector: vector)),
        ]
        for (kind, place) in own.enumerated() where !first.isEmpty {
          places[place.standardizedFileURL.path, default: []].append("\(first)|\(second)|\(kind)")
        }
      }
    }
    #expect(places.values.allSatisfy { $0.count == 1 }, "\(places.values.filter { $0.count > 1 })")
    #expect(places.keys.allSatisfy { $0.hasPrefix("/run/") && $0.split(separator: "/").count >= 4 })
  }

  @Test("The names that once met in one folder: model m with target split-x, and model m-split with target x")
  func formerCollision() {
    #expect(layout.path(of: layout.chunks("m", "split-x")) == "chunks/m/split-x")
    #expect(layout.path(of: layout.chunks("m-split", "x")) == "chunks/m-split/x")
  }

  @Test("Models that end alike keep their whole names")
  func modelNames() throws {
    var experiment = Experiment()
    experiment.models = ["x/a-b", "y/a-b", "x-a-b", "/deep/c"]
    #expect(experiment.modelNames == ["x/a-b", "y/a-b", "x-a-b", "c"])
    #expect(Set(experiment.modelNames.map(\.fileName)).count == 4)
  }

  @Test("A run directory of an earlier layout is refused with what to do, one of this layout is not")
  func versions() throws {
    let made = try MadeRun(ScratchFolder())
    try made.directory.write(Manifest(experiment: "made", version: "1"), json: made.directory.layout.manifest)
    #expect(throws: Never.self) { try StoredRun(made.url) }
    let text = try String(contentsOf: made.directory.layout.manifest, encoding: .utf8)
    #expect(text.contains("\"layout\" : 2"))
    try made.directory.write(
      text.replacing("\"layout\" : 2,", with: ""), to: made.directory.layout.manifest)
    // Its experiment file can still be run into a new folder, as the remedy says.
    #expect(RunDirectory.dataFolder(ofExperiment: made.directory.layout.experiment).path == made.url.path)
    for read in [{ _ = try StoredRun(made.url) }, { _ = try RunStatus(made.url) }] {
      let error = #expect(throws: TelltaleError.self) { try read() }
      #expect(error?.isBadInput == true && error?.message.contains("of layout 1") == true)
      #expect(error?.message.contains("run its experiment.yaml into a new folder") == true)
    }
  }
}
