import Foundation

@testable import Statistics

/// Scores of `Tests/Fixtures/statistics/verdict/cases`, read as the command line reads them.
struct ScoreCase {
  let rows: ScoredRows

  init(_ name: String) throws {
    let text = String(decoding: try Fixtures.data("verdict/cases/\(name).csv"), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = lines[0]
    func column(_ name: String) -> [String]? {
      header.firstIndex(of: name).map { index in lines.dropFirst().map { $0[index] } }
    }
    let known = ["score", "label", "group", "letter", "source", "user_side", "family"]
    let covariates = header.filter { !known.contains($0) }.compactMap { name in
      column(name).flatMap { Covariate(name: name, cells: $0) }
    }
    rows = try ScoredRows(
      scores: (column("score") ?? []).map { Double($0) ?? .nan }, labels: (column("label") ?? []).map { Int($0) ?? -1 },
      groups: column("group"), letters: column("letter"), sources: column("source"), userSides: column("user_side"),
      covariates: covariates, families: column("family"))
  }

  static func audit(_ names: String...) throws -> Audit {
    try Audit(candidates: names.map { AuditCandidate(name: $0, rows: try ScoreCase($0).rows) }, permutations: 500)
  }
}

extension Audit {
  func finding(_ name: String) -> Finding? { findings.first { $0.name == name } }
}
