import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

@Suite("Two runs side by side")
struct RunComparisonTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private func run(_ name: String, models: [ModelName], _ predictivity: [String], _ audit: [String]) throws -> URL {
    let run = try MadeRun(folder, name, models: models)
    if models != ["one", "two"] {
      try run.directory.write(
        MadeRun.experiment.replacing("models: [one, two]", with: "models: [\(models[0])]"),
        to: run.directory.layout.experiment)
    }
    let header = "model,vector,target,position,layer,score,n,auroc,auroc_low,auroc_high"
    try run.directory.write(
      ([header] + predictivity).joined(separator: "\n"), to: run.directory.layout.table(.predictivity))
    try run.directory.write(
      (["model,vector,target,position,layers,verdict,sentence"] + audit).joined(separator: "\n"),
      to: run.directory.layout.table(.audit))
    return run.url
  }

  @Test("Rows of the same name meet and the rest stands alone")
  func rowsOfTheSameNameMeetAndTheRestStandsAlone() throws {
    let first = try run(
      "first", models: ["one", "two"],
      ["one,v,test,prompt,0,cosine,48,0.25,0.125,0.5", "one,v,test,prompt,1,cosine,48,0.75,,"],
      ["one,v,test,prompt,all,supported,a", "one,v,test,prompt,all,supported,b"])
    let second = try run(
      "second", models: ["one", "two"],
      ["one,v,test,prompt,1,cosine,40,0.5,0.25,0.75", "two,v,test,prompt,1,cosine,40,,,"],
      ["one,v,test,prompt,all,cannot tell,a"])
    let comparison = try RunComparison(first, second)
    #expect(comparison.rows.map(\.name.layer) == [0, 1, 1])
    #expect(comparison.rows.map(\.difference) == [nil, -0.25, nil])
    #expect(comparison.rows[0].first == .init(auroc: 0.25, low: 0.125, high: 0.5, rows: 48))
    #expect(comparison.rows[0].second == nil && comparison.rows[2].first == nil)
    #expect(comparison.verdicts.count == 1)
    #expect(comparison.verdicts[0].first == "supported" && comparison.verdicts[0].second == "cannot tell")
  }

  @Test("Two models are compared without their names")
  func twoModelsAreComparedWithoutTheirNames() throws {
    let first = try run("first", models: ["one"], ["one,v,test,prompt,1,cosine,48,0.75,,"], [])
    let second = try run("second", models: ["two"], ["two,v,test,prompt,1,cosine,48,0.5,,"], [])
    let rows = try RunComparison(first, second).rows
    #expect(rows.count == 1 && rows[0].difference == -0.25 && rows[0].name.vector == "v" && rows[0].name.model.isEmpty)
  }

  @Test("A run without results is named")
  func aRunWithoutResultsIsNamed() throws {
    let first = try MadeRun(folder, "bare")
    let error = #expect(throws: TelltaleError.self) { try RunComparison(first.url, first.url) }
    #expect(try #require(error).description.contains("predictivity.csv: is not there yet"))
  }
}
