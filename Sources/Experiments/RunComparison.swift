import Foundation
import Foundations
import Steering
import Torch

/// The results of two runs side by side: one row for each vector, target set, position, layer and score of either.
///
/// Models are left out of the names where each run has only one, so that two models can be compared.
package struct RunComparison: Sendable {
  /// What a row is about.
  package struct Name: Hashable, Sendable {
    /// Empty where two models are compared.
    package var model: String
    package var vector: String
    package var target: String
    package var position: String
    package var layer: Int
    package var score: String
  }

  /// An area under the curve with its 95 % interval, as the table `predictivity` has it; nil where it is undefined.
  package struct Measured: Sendable, Equatable {
    package var auroc: Double?
    package var low: Double?
    package var high: Double?
    package var rows: Int?
  }

  package struct Row: Sendable {
    package var name: Name
    package var first: Measured?
    package var second: Measured?
    /// AUROC of the second minus that of the first.
    package var difference: Double? {
      guard let before = first?.auroc, let after = second?.auroc else { return nil }
      return after - before
    }
  }

  /// The audits' verdicts on one vector, target set, position and choice of layers.
  package struct Verdict: Sendable {
    /// Empty where two models are compared.
    package var model: String
    package var vector: String
    package var target: String
    package var position: String
    package var layers: String
    package var first: String?
    package var second: String?
  }

  package let rows: [Row]
  package let verdicts: [Verdict]

  /// - Throws: `TelltaleError` if one of the folders is no run directory or has no results yet.
  package init(_ first: URL, _ second: URL) throws {
    let (first, second) = (try RunTables(first), try RunTables(second))
    let isBetweenModels = first.models.count == 1 && second.models.count == 1 && first.models != second.models
    let (one, other) = try (first.measured(anyModel: isBetweenModels), second.measured(anyModel: isBetweenModels))
    let (areas, otherAreas) = (Self.byName(one), Self.byName(other))
    rows = Self.united(one.map(\.0), other.map(\.0)).map {
      Row(name: $0, first: areas[$0], second: otherAreas[$0])
    }
    let (judged, judgedOther) = try (
      first.verdicts(anyModel: isBetweenModels), second.verdicts(anyModel: isBetweenModels)
    )
    let (said, saidOther) = (Self.byName(judged), Self.byName(judgedOther))
    verdicts = Self.united(judged.map(\.0), judgedOther.map(\.0)).map {
      Verdict(
        model: $0[0], vector: $0[1], target: $0[2], position: $0[3], layers: $0[4], first: said[$0],
        second: saidOther[$0])
    }
  }

  private static func byName<Name: Hashable, Value>(_ pairs: [(Name, Value)]) -> [Name: Value] {
    Dictionary(pairs) { first, _ in first }
  }

  /// All of the first in their order, then what only the second has.
  private static func united<Name: Hashable>(_ first: [Name], _ second: [Name]) -> [Name] {
    var seen: Set<Name> = []
    return (first + second).filter { seen.insert($0).inserted }
  }
}

/// The tables of one run that comparisons read.
private struct RunTables {
  private let run: StoredRun
  var models: [ModelName] { run.models }

  init(_ url: URL) throws { run = try StoredRun(url) }

  func measured(anyModel: Bool) throws -> [(RunComparison.Name, RunComparison.Measured)] {
    try table(.predictivity).rows.map { row in
      let name = RunComparison.Name(
        model: anyModel ? "" : row["model"], vector: row["vector"], target: row["target"], position: row["position"],
        layer: row.integer("layer") ?? -1, score: row["score"])
      let measured = RunComparison.Measured(
        auroc: row.number("auroc"), low: row.number("auroc_low"), high: row.number("auroc_high"), rows: row.integer("n")
      )
      return (name, measured)
    }
  }

  /// The verdict stands with each of its findings; the first says it.
  func verdicts(anyModel: Bool) throws -> [([String], String)] {
    var seen: Set<[String]> = []
    return try table(.audit).rows.compactMap { row in
      let name = [anyModel ? "" : row["model"]] + ["vector", "target", "position", "layers"].map { row[$0] }
      return seen.insert(name).inserted ? (name, row["verdict"]) : nil
    }
  }

  private func table(_ table: RunTable) throws -> StoredTable {
    let url = run.layout.table(table)
    guard run.existing(url) != nil else {
      throw TelltaleError(
        .badInput, "is not there yet; continue the run to its end", at: InputLocation(file: url.path))
    }
    return try run.table(table)
  }
}
