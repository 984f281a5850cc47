import Foundation
import TestSupport
import Testing

/// `telltale predict` on score files: verdicts, several files, planning, and what cannot be judged.
@Suite(.serialized, .tags(.process)) struct PredictTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private struct Audit: Decodable {
    struct Finding: Decodable { let name: String }
    let verdict: String
    let reason: String
    let comparisons: Int
    let findings: [Finding]
  }
  private struct Single: Decodable { let audit: Audit }
  private struct Several: Decodable { let audits: [Audit] }

  private static func seed(_ name: String) -> String { Fixtures.file("statistics/seed-results/\(name).csv").path }

  /// Writes rows with every label, score and group given.
  private func scores(_ name: String, _ rows: [(score: String, label: Int, group: String)]) throws {
    let lines = rows.map { "\($0.score),\($0.label),\($0.group)" }
    try folder.write((["score,label,group"] + lines).joined(separator: "\n"), to: name)
  }

  private func judge(_ arguments: [String]) throws -> Audit {
    let rows: [Single] = try Binary.succeed(["predict", "--json", "--permutations", "200"] + arguments, in: folder)
      .rows()
    return try #require(rows.first).audit
  }

  /// What `predict --json` prints, its keys in camel case.
  private func documents<Document: Decodable>(_ arguments: [String]) throws -> [Document] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try Binary.succeed(["predict", "--json"] + arguments, in: folder).output.split(separator: "\n").map {
      try decoder.decode(Document.self, from: Data($0.utf8))
    }
  }

  @Test("Files of the same rows are the candidates of one audit")
  func severalFilesAreOneAudit() throws {
    let files = [13, 30].flatMap { ["--scores", Self.seed("Zephyr_TruthfulQA_continuation_\($0)")] }
    let outcome = try Binary.succeed(["predict", "--json"] + files)
    let report: [Several] = try outcome.rows()
    let audits = try #require(report.first).audits
    #expect(audits.map(\.verdict) == ["cannot tell"] && audits[0].comparisons == 2)
    let text = try Binary.succeed(["predict"] + files).output
    #expect(text.contains("The best of 2 files of the same rows:\n"))
    #expect(text.contains("Verdict: cannot tell. The AUROC of Zephyr_TruthfulQA_continuation_"))
    #expect(text.contains("once 2 comparisons are counted") && text.contains("Plan: exploratory."))
  }

  @Test("Files of different rows are judged one by one, each as one of so many comparisons")
  func differentRowsAreSeparateAudits() throws {
    let files = ["Zephyr_TruthfulQA_prompt_13", "Zephyr_Anthropic_prompt_13"].flatMap { ["--scores", Self.seed($0)] }
    let report: [Several] = try Binary.succeed(["predict", "--json", "--comparisons", "3"] + files).rows()
    let audits = try #require(report.first).audits
    #expect(audits.map(\.verdict) == ["cannot tell", "cannot tell"])
    #expect(audits.map(\.comparisons) == [6, 6])
  }

  @Test("What cannot be judged is a sentence")
  func degenerateScoresAreSentences() throws {
    func rows(_ count: Int, score: (Int) -> Int = { $0 * 7 % 13 }, label: (Int) -> Int = { $0 % 2 }, groups: Int = 12)
      -> [(score: String, label: Int, group: String)]
    { (0..<count).map { ("\(score($0))", label($0), "question \($0 % groups)") } }

    try scores("one-class.csv", rows(40, label: { _ in 1 }))
    #expect(
      try judge(["--scores", "one-class.csv"]).reason
        == "All 40 rows have label 1, so nothing can be predicted or measured.")
    try scores("few.csv", rows(8))
    #expect(try judge(["--scores", "few.csv"]).reason.contains("only 8 rows"))
    try scores("one-group.csv", rows(40, groups: 1))
    let oneGroup = try judge(["--scores", "one-group.csv"])
    #expect(oneGroup.verdict == "cannot tell" && oneGroup.reason.contains("only 1 question"))
    try scores("ties.csv", rows(60, score: { _ in 3 }, label: { $0 / 12 % 2 }))
    let ties = try judge(["--scores", "ties.csv"])
    #expect(ties.verdict == "cannot tell", "\(ties.reason)")
  }

  @Test("Further columns are covariates, what is ignored is said, and the JSON holds both answers")
  func covariates() throws {
    struct Estimate: Decodable { let auroc, low, high, p: Double }
    struct Known: Decodable {
      let name, kind: String
      let adjustedCoefficient, low, high: Double
    }
    struct Share: Decodable { let value, low, high: Double }
    struct Operating: Decodable {
      struct Partial: Decodable { let value: Double }
      struct Calibration: Decodable { let slope, brier: Double }
      let threshold: Double
      let recall: Share
      let precision: Double
      let isInverted: Bool
      let partialAuroc: Partial
      let calibration: Calibration
    }
    struct Document: Decodable {
      let verdict, direction, specificity, plan: String
      let within, across: Estimate
      let covariates: [Known]
      let operating: Operating
      let baseRate: Double
      let ignored: [String]
      let auroc: Double
    }
    let file = Fixtures.file("statistics/verdict/cases/length-confound.csv").path
    let held: [Document] = try documents(["--scores", file])
    let document = try #require(held.first)
    #expect(document.verdict == "explained" && document.direction == "positive" && document.plan == "exploratory")
    #expect(document.covariates.map(\.name) == ["length"] && document.covariates.map(\.kind) == ["numeric"])
    #expect(document.across.auroc == document.auroc && document.within.low > 0.5)
    let free: [Document] = try documents(["--ignore", "length", "--scores", file])
    #expect(free.first?.verdict == "supported" && free.first?.ignored == ["length"])
    let text = try Binary.succeed(["predict", "--ignore", "length", "--scores", file]).output
    #expect(text.contains("The column length was left out on request"))
  }

  @Test("Reference labels of some rows say how often labels err, and correct for it")
  func referenceLabels() throws {
    struct Share: Decodable { let value, low, high: Double }
    struct Errors: Decodable {
      let doublyLabelled: Int
      let sensitivity, specificity, rate, auroc, poweredRate: Share
    }
    struct Document: Decodable { let labelErrors: Errors? }
    let lines = (0..<400).map { row -> String in
      let truth = row * 7 % 5 < 2 ? 1 : 0
      let label = row % 10 == 3 ? 1 - truth : truth
      return "\(truth * 10 + row * 13 % 17),\(label),q\(row / 5),\(row / 5 % 3 == 0 ? "\(truth)" : "")"
    }
    try folder.write((["score,label,group,hand"] + lines).joined(separator: "\n"), to: "judged.csv")
    let arguments = ["--permutations", "200", "--scores", "judged.csv", "--reference", "hand"]
    let rows: [Document] = try documents(arguments)
    let errors = try #require(rows.first?.labelErrors)
    #expect(
      errors.doublyLabelled == 135 && errors.sensitivity.value < 1 && errors.rate.low < 0.4 && errors.rate.high > 0.4)
    let text = try Binary.succeed(["predict"] + arguments, in: folder).output
    #expect(text.contains("- Of 135 rows labelled twice, the labels find "))
    // As a column like any other it would be the label.
    let blind: [Document] = try documents(
      ["--permutations", "200", "--scores", "judged.csv", "--ignore", "hand"])
    #expect(blind.first.map { $0.labelErrors == nil } == true)
    try folder.write("score,label,hand\n1,1,2\n", to: "wrong.csv")
    let refused = try Binary.run(["predict", "--scores", "wrong.csv", "--reference", "hand"], in: folder)
    #expect(refused.code == 2 && refused.errors.contains("wrong.csv:2") && refused.errors.contains("reference label"))
  }

  @Test("Questions of nearly the same text are one family, and that is said")
  func familiesOfTexts() throws {
    let subjects = [
      "the weather in March", "old bridges over rivers", "how bread is baked", "a game of chess", "tall trees",
    ]
    let lines = (0..<100).map { row in
      "\(row * 7 % 11),\(row * 3 % 2),\"Please tell me at some length what you think of \(subjects[row % 5]) in case \(row)\""
    }
    try folder.write((["score,label,text"] + lines).joined(separator: "\n"), to: "texts.csv")
    let audit = try judge(["--scores", "texts.csv"])
    #expect(audit.findings.contains { $0.name == "families" } && audit.verdict == "cannot tell")
  }

  @Test("Numeric labels are judged by the same rule, with a plan")
  func numericLabels() throws {
    struct Numeric: Decodable {
      let verdict, direction, plan: String
      let planHash: String?
    }
    let lines = (0..<300).map { row in "\(row * 7 % 23 + row * 11 % 100 / 4),\(row * 11 % 100),q\(row / 10)" }
    try folder.write((["score,label,group"] + lines).joined(separator: "\n"), to: "traits.csv")
    try folder.write(#"{"smallest_effect": 0.05}"#, to: "numeric-plan.json")
    // The plan is older than the scores.
    try folder.write((["score,label,group"] + lines).joined(separator: "\n"), to: "traits.csv")
    let arguments = [
      "--numeric-labels", "--permutations", "200", "--scores", "traits.csv", "--plan-file", "numeric-plan.json",
    ]
    let rows: [Numeric] = try documents(arguments)
    let document = try #require(rows.first)
    #expect(document.verdict == "supported" && document.direction == "positive" && document.plan == "as planned")
    #expect(document.planHash?.count == 64)
    let text = try Binary.succeed(["predict"] + arguments, in: folder).output
    #expect(text.contains("Plan: as planned (SHA-256 "))
  }

  @Test("A blank group is refused with its line, and a plan is followed or not")
  func blanksAndPlans() throws {
    let blank = Fixtures.file("statistics/verdict/cases/blank-groups.csv").path
    let outcome = try Binary.run(["predict", "--scores", blank])
    #expect(outcome.code == 2 && outcome.errors.contains("blank-groups.csv:2") && outcome.errors.contains("blank"))
    try folder.write(#"{"smallest_effect": 0.1, "ignore": []}"#, to: "plan.json")
    try scores("planned.csv", (0..<60).map { ("\($0 * 7 % 13)", $0 % 2, "question \($0 % 12)") })
    let followed = try Binary.succeed(
      ["predict", "--scores", "planned.csv", "--plan-file", "plan.json", "--smallest-effect", "0.1"], in: folder)
    #expect(followed.output.contains("Plan: as planned (SHA-256 "))
    let changed = try Binary.succeed(["predict", "--scores", "planned.csv", "--plan-file", "plan.json"], in: folder)
    #expect(changed.output.contains("Plan: exploratory") && changed.output.contains("not as planned: smallest_effect"))
  }

  @Test("A score that is not a number is refused with its line")
  func notANumberIsRefused() throws {
    try scores("nan.csv", [("1", 1, "a"), ("nan", 0, "b"), ("2", 1, "c")])
    let outcome = try Binary.run(["predict", "--scores", "nan.csv"], in: folder)
    #expect(outcome.code == 2 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("nan.csv:3") && outcome.errors.contains("finite number"), "\(outcome.errors)")
  }

  @Test("--plan says how many groups are needed, more for more comparisons and likeness")
  func planning() throws {
    struct Answer: Decodable { let groups: Int? }
    func groups(_ arguments: String...) throws -> Int {
      let rows: [Answer] = try Binary.succeed(["predict", "--plan", "--json", "--auroc", "0.75"] + arguments).rows()
      return rows.first?.groups ?? -1
    }
    // A test of 0.75 against 0.5 needs 31 with the error of Hanley and McNeil (1982); the verdict asks for more.
    let alone = try groups()
    #expect((32...70).contains(alone))
    let apart = try groups("--rows-per-group", "8", "--correlation", "0")
    #expect(apart < 16)
    #expect(try groups("--rows-per-group", "8", "--correlation", "0.8") > apart)
    #expect(try groups("--comparisons", "2") > alone)
    let text = try Binary.succeed(["predict", "--plan", "--auroc", "0.8"]).output
    #expect(text.contains("groups are needed to detect an AUROC of 0.8 with a power of 0.8 in one comparison"))
    #expect(text.contains("of simulated experiments of that size"))
  }

  @Test(
    "Wrong combinations are refused in one sentence",
    arguments: [
      (["predict"], "give one of"), (["predict", "--plan"], "--plan needs --auroc"),
      (["predict", "--auroc", "0.7", "--scores", "a.csv"], "--auroc goes with --plan"),
      (["predict", "--plan", "--auroc", "0.5"], "between 0.5 and 1"),
      (["predict", "--plan", "--auroc", "nan"], "between 0.5 and 1"),
      (["predict", "somewhere", "--scores", "a.csv"], "give one of"),
      (["predict", "somewhere"], "is no run directory"),
      (["predict", "somewhere", "--groups", "g.csv"], "--groups goes"),
    ])
  func wrongUsage(_ arguments: [String], _ expected: String) throws {
    let outcome = try Binary.run(arguments, in: folder)
    #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.contains(expected), "\(outcome)")
  }

  @Test("calibrate covers the truth and calls little that is not there")
  func calibration() throws {
    struct Line: Decodable {
      let intervals: Int
      let covering: Int
      let supported: Int
      let experiments: Int
    }
    let lines: [Line] = try Binary.succeed(
      [
        "calibrate", "--intervals", "--experiments", "20", "--layers", "2", "--permutations", "30", "--groups", "10",
        "--json",
      ]
    ).rows()
    #expect(lines.count == 12 && lines.allSatisfy { $0.experiments == 20 })
    #expect(lines.reduce(0) { $0 + $1.covering } > lines.reduce(0) { $0 + $1.intervals } * 85 / 100)
    #expect(lines.prefix(7).reduce(0) { $0 + $1.supported } < 15)
  }
}
