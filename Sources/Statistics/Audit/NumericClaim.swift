/// One of the two claims about a numeric label.
struct NumericClaim {
  let question: Claim.Question
  let area: ClusteredAssociation
  /// Corrected for both claims and all comparisons.
  let adjustedP: Double
  /// `nil` where the exchange of labels tests the other claim.
  let permutationP: Double?
  /// Without covariates neither is fitted.
  let alone: ClusteredRegression?
  let joint: ClusteredRegression?
  /// The concordance inside strata in which covariates agree.
  let strata: ClusteredAssociation?
  let comparisons: Double
  let smallest: Double
  let covariates: [String]
  /// Whether rows are too few to hold all levels of every covariate fixed.
  let isCut: Bool

  var sign: Double { area.value >= 0.5 ? 1 : -1 }
  var predicts: Bool { adjustedP <= Claim.significance && (permutationP ?? 0) <= 0.05 }

  var survives: Bool {
    if covariates.isEmpty { return true }
    guard !isCut, let estimate = joint?.estimate, estimate.coefficient * sign > 0, estimate.p * comparisons <= 0.05,
      !leavesTooLittle
    else { return false }
    guard let low = strata?.low, let high = strata?.high, (strata?.clusters ?? 0) >= fewestMixedGroups else {
      return true
    }
    return sign > 0 ? low > 0.5 : high < 0.5
  }

  private var leavesTooLittle: Bool {
    guard let joint, let estimate = joint.estimate else { return false }
    return max(abs(estimate.low), abs(estimate.high)) < joint.coefficient(ofArea: 0.5 + smallest)
  }

  /// Whether the covariates demonstrably take away from the effect: the score is a function of them, or the joint interval excludes
  /// what it has alone.
  var isExplained: Bool {
    guard let alone else { return false }
    guard let joint = joint?.estimate else { return joint == nil }
    return sign > 0 ? joint.high < alone.coefficient : joint.low > alone.coefficient
  }

  func isNegligible(_ smallest: Double) -> Bool {
    guard let low = area.low, let high = area.high else { return false }
    return low > 0.5 - smallest && high < 0.5 + smallest
  }

  var stated: String {
    "\(question.phrase) " + statedInterval(area.value, low: area.low, high: area.high)
  }

  var findings: [Finding] {
    let place = question == .within ? "Within" : "Across"
    var findings = [
      Finding(
        severity: predicts ? .inFavour : .against, name: "\(question.rawValue) questions", number: area.value,
        sentence: "\(place) questions the concordance is " + statedInterval(area.value, low: area.low, high: area.high)
          + " (\(writtenP(adjustedP)), \(Claim.significance) is asked for).")
    ]
    if let p = permutationP {
      findings.append(
        Finding(
          severity: p <= 0.05 ? .inFavour : .against, name: "permutation", number: p,
          sentence: "With labels exchanged at random, the score does as well in \(percent(p)) of cases."))
    }
    guard predicts, !covariates.isEmpty else { return findings }
    let range = joint?.estimate.map {
      "\(fixed($0.coefficient)) standard deviations of the label per standard deviation of the score (95 % interval "
        + "\(fixed($0.low)) to \(fixed($0.high)))"
    }
    findings.append(
      Finding(
        severity: survives ? .inFavour : .against, name: "\(question.rawValue) questions, covariates fixed",
        number: joint?.coefficient,
        sentence: "\(place) questions, with \(listed(covariates)) held fixed, "
          + (range.map { "the score adds \($0)" } ?? "nothing of the score is left")
          + (strata.map {
            "; among rows that agree in them the concordance is " + statedInterval($0.value, low: $0.low, high: $0.high)
          } ?? "") + "."))
    return findings
  }
}

/// The rule of `Decision` for numeric labels.
struct NumericDecision {
  let verdict: Verdict
  let reason: String
  let direction: Direction

  init(_ claims: [NumericClaim], _ context: NumericContext) {
    if let refusal = Self.refusal(claims, context) {
      (verdict, reason, direction) = (.cannotTell, refusal, .none)
      return
    }
    let list = claims.map(\.stated).joined(separator: ", ")
    let predicting = claims.filter(\.predicts)
    let held = predicting.filter { $0.survives && !$0.isNegligible(context.smallest) }
    direction = (held.first ?? predicting.first).map { $0.sign > 0 ? .positive : .inverted } ?? .none
    let names = listed(context.covariates.map(\.name))
    if let first = held.first {
      verdict = .supported
      reason =
        "The score predicts the label\(first.sign < 0 ? ", inverted (higher scores go with less of it)," : "") with a concordance "
        + held.map(\.stated).joined(separator: ", and ") + (names.isEmpty ? "." : ", also with \(names) held fixed.")
    } else if claims.allSatisfy({ $0.isNegligible(context.smallest) }) {
      verdict = .absent
      reason = "The concordance is within \(fixed(context.smallest)) of 0.5, the smallest effect of interest: \(list)."
    } else if predicting.isEmpty {
      (verdict, reason) = (.cannotTell, "The concordance cannot be distinguished from 0.5: \(list).")
    } else if predicting.allSatisfy(\.survives) {
      verdict = .cannotTell
      reason =
        "The concordance can be distinguished from 0.5, but by less than the smallest effect of interest: \(list)."
    } else if predicting.filter({ !$0.survives }).allSatisfy(\.isExplained) {
      (verdict, reason) = (.explained, "The score predicts the label (\(list)), but \(names) explain it.")
    } else {
      verdict = .cannotTell
      reason = "The score predicts the label (\(list)), but whether it does with \(names) held fixed is open."
    }
  }

  /// What keeps the data from answering at all.
  private static func refusal(_ claims: [NumericClaim], _ context: NumericContext) -> String? {
    guard !claims.isEmpty else { return "Score or label do not vary, or a score is not a finite number." }
    let unit = context.questionsAreKnown ? "questions or families of them" : "rows"
    guard context.rows.count < 10 || context.unitCount < 10 else { return nil }
    let count = context.rows.count < 10 ? context.rows.count : context.unitCount
    return "There are only \(count) \(context.rows.count < 10 ? "rows" : unit); at least 10 are needed. Concordance "
      + claims.map(\.stated).joined(separator: ", ") + "."
  }
}
