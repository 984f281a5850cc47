import Testing

@testable import Statistics

@Suite("Scores that once fooled the verdict")
struct VerdictCaseTests {
  @Test("Letter and source together explain a score that neither explains alone")
  func letterAndSourceTogetherExplainAScoreThatNeitherExplainsAlone() throws {
    let audit = try ScoreCase.audit("two-partial-confounds")
    #expect(audit.verdict == .explained)
    #expect(audit.reason.contains("answer letter") && audit.reason.contains("source"))
    #expect(audit.direction == .positive)
  }

  @Test("A known source of rows of one question each is held fixed")
  func aKnownSourceOfRowsOfOneQuestionEachIsHeldFixed() throws {
    #expect(try ScoreCase.audit("source-known-one-row").verdict != .supported)
  }

  @Test("Any further column is a covariate", arguments: ["length-confound", "template-confound"])
  func anyFurtherColumnIsACovariate(name: String) throws {
    let audit = try ScoreCase.audit(name)
    #expect(audit.verdict == .explained)
    #expect(audit.covariates.map(\.name) == [name == "length-confound" ? "length" : "template"])
    #expect(audit.covariates.map(\.kind) == [name == "length-confound" ? .numeric : .categorical])
  }

  @Test("What is not known of the rows is named")
  func whatIsNotKnownOfTheRowsIsNamed() throws {
    let rows = try ScoreCase("length-confound").rows
    let blind = try ScoredRows(scores: rows.scores, labels: rows.labels, groups: rows.groups)
    let finding = try #require(
      try Audit(candidates: [AuditCandidate(name: "score", rows: blind)], permutations: 500).finding("unknown columns"))
    #expect(finding.severity == .warning)
    #expect(finding.sentence.contains("answer letter, source, prompt length, template and turn"))
    let told = try ScoreCase.audit("two-partial-confounds").finding("unknown columns")
    #expect(told.map { !$0.sentence.contains("letter") && $0.sentence.contains("prompt length") } == true)
  }

  @Test("Templates that cross questions widen the interval")
  func templatesThatCrossQuestionsWidenTheInterval() throws {
    let audit = try ScoreCase.audit("template-null")
    let across = try #require(audit.across)
    #expect(try #require(across.low) < 0.5 && #require(across.high) > 0.5)
    #expect(audit.verdict != .supported)
    let rows = try ScoreCase("template-null").rows
    let oneWay = try #require(ClusteredAUROC(scores: rows.scores, labels: rows.labels, groups: rows.groups ?? []))
    let narrow = try #require(oneWay.interval())
    #expect(try #require(across.high) - #require(across.low) > narrow.high - narrow.low)
  }

  @Test("An effect within questions is not lost where questions differ")
  func anEffectWithinQuestionsIsNotLostWhereQuestionsDiffer() throws {
    let audit = try ScoreCase.audit("offset-within-only")
    #expect(audit.verdict == .supported)
    #expect(audit.reason.contains("within questions with an AUROC of 0.98"))
    #expect(audit.reason.contains("One threshold for all questions is not supported"))
  }

  @Test("One rule for the sign of layers")
  func oneRuleForTheSignOfLayers() throws {
    let audit = try ScoreCase.audit("inverted-layer-a", "inverted-layer-b")
    #expect(audit.best == "inverted-layer-b")
    #expect(audit.direction == .inverted)
    #expect(audit.verdict == .supported)
    let heldOut = try #require(audit.finding("held-out AUROC")?.number)
    #expect(heldOut < 0.2)
  }

  @Test("An inverted score is called inverted")
  func anInvertedScoreIsCalledInverted() throws {
    let audit = try ScoreCase.audit("inverted-single")
    #expect(audit.verdict == .supported && audit.direction == .inverted)
    #expect(audit.reason.contains("inverted (higher scores go with its absence)"))
    #expect(!audit.findings.contains { $0.sentence.contains("less than half") })
  }

  @Test("The operating point of an inverted score is marked")
  func theOperatingPointOfAnInvertedScoreIsMarked() throws {
    let inverted = try #require(try ScoreCase.audit("inverted-single").operating)
    #expect(inverted.isInverted)
    let rows = try ScoreCase("inverted-single").rows
    let turned = try Audit(
      candidates: [AuditCandidate(name: "turned", rows: rows.scored(by: rows.scores.map { -$0 }))], permutations: 500)
    #expect(turned.operating?.isInverted == false && turned.operating?.points == inverted.points)
  }

  @Test("The odds ratio knows what crosses the questions")
  func theOddsRatioKnowsWhatCrossesTheQuestions() throws {
    let rows = try ScoreCase("template-null").rows
    let audit = try ScoreCase.audit("template-null")
    let blind = try ScoredRows(scores: rows.scores, labels: rows.labels, groups: rows.groups)
    let oneWay = try Audit(candidates: [AuditCandidate(name: "score", rows: blind)], permutations: 500)
    let (both, one) = (try #require(audit.across), try #require(oneWay.across))
    #expect(both.oddsRatio == one.oddsRatio)
    #expect(try #require(both.oddsRatioHigh) > #require(one.oddsRatioHigh))
    #expect(try #require(both.oddsRatioLow) < 1 && #require(both.oddsRatioHigh) > 1)
  }

  @Test("Blank groups are refused")
  func blankGroupsAreRefused() {
    #expect(throws: StatisticsError.self) { try ScoreCase("blank-groups") }
  }

  @Test("What would be enough is said with the exact test")
  func whatWouldBeEnoughIsSaidWithTheExactTest() throws {
    let nine = try ScoreCase.audit("nine-questions")
    #expect(nine.verdict == .cannotTell)
    #expect(nine.reason.contains("1 more would be enough"))
    expectClose(nine.finding("questions that agree")?.number, 0.00390625, relative: 1e-9)
    let rare = try ScoreCase.audit("four-rare")
    #expect(rare.verdict == .cannotTell)
    #expect(rare.reason.contains("1 more would be enough"))
    expectClose(rare.finding("questions that agree")?.number, 0.125, relative: 1e-9)
  }

  @Test("A question that holds most rows is named")
  func aQuestionThatHoldsMostRowsIsNamed() throws {
    let finding = try #require(try ScoreCase.audit("one-big-question").finding("one question"))
    #expect(finding.sentence.hasPrefix("One question, big, holds 91"))
  }

  @Test("A rare label has its base rate said")
  func aRareLabelHasItsBaseRateSaid() throws {
    let audit = try ScoreCase.audit("rare-1pct")
    expectClose(audit.baseRate, 63.0 / 5_000)
    #expect(audit.finding("base rate")?.severity == .warning)
    let point = try #require(audit.finding("operating point"))
    #expect(point.sentence.contains("With the threshold set for 1.0 % false positives on half of the questions"))
    #expect(point.sentence.contains("has a recall of"))
  }

  @Test("An effect in a part of the rows is said with its test", arguments: ["half-the-questions", "only-letter-A"])
  func anEffectInAPartOfTheRowsIsSaidWithItsTest(name: String) throws {
    let audit = try ScoreCase.audit(name)
    let finding = try #require(audit.findings.first { $0.name.hasPrefix("heterogeneity") })
    #expect(try #require(finding.number) < 0.05)
  }

  @Test("A u shape is seen")
  func aUShapeIsSeen() throws {
    let audit = try ScoreCase.audit("u-shape")
    #expect(audit.verdict != .supported)
    #expect(audit.finding("shape")?.sentence.contains("not monotonically") == true)
  }

  @Test("Huge and tiny scores have a correlation", arguments: [("huge", 0.39), ("denorm", 0.45)])
  func hugeAndTinyScoresHaveACorrelation(name: String, expected: Double) throws {
    let rows = try ScoreCase(name).rows
    let r = try #require(Measures.pointBiserial(scores: rows.scores, labels: rows.labels))
    #expect(abs(r.coefficient - expected) < 0.006)
    #expect(try ScoreCase.audit(name).verdict == .supported)
  }

  @Test("A letter that is nearly the label explains a score that reads it")
  func aLetterThatIsNearlyTheLabelExplainsAScoreThatReadsIt() throws {
    let audit = try ScoreCase.audit("letter-97")
    #expect(audit.verdict == .explained)
    #expect(audit.reason.contains("but answer letter explains it"))
  }

  @Test(
    "Perfect separation within questions of unequal sizes gives an area of exactly 1, with an interval"
  )
  func perfectOrderWithinQuestions() throws {
    var (scores, labels, groups): ([Double], [Int], [String]) = ([], [], [])
    for question in 0..<24 {
      for row in 0..<(3 + question % 9) {
        labels.append(row % 3 == 1 ? 1 : 0)
        scores.append(Double(question * 7 % 24) + (row % 3 == 1 ? 30 : 0) + Double(row) / 100)
        groups.append("q\(question)")
      }
    }
    let rows = try ScoredRows(scores: scores, labels: labels, groups: groups)
    let audit = try Audit(candidates: [AuditCandidate(name: "score", rows: rows)], permutations: 500)
    let within = try #require(audit.within)
    #expect(within.auroc == 1 && within.high == 1)
    #expect(try #require(within.low) > 0.8 && #require(within.low) < 1)
    #expect(audit.verdict == .supported && audit.reason.contains("within questions with an AUROC of 1.000 (95 %"))
    let reversed = try ScoredRows(scores: scores.map { -$0 }, labels: labels, groups: groups)
    let other = try Audit(candidates: [AuditCandidate(name: "score", rows: reversed)], permutations: 500)
    #expect(other.within?.auroc == 0 && other.direction == .inverted)
  }
}
