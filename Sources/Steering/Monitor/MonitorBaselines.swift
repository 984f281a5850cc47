import Foundation
import Statistics

/// Baselines without activations, on the same rows as a monitor: a monitor that does not beat them is not needed.
struct MonitorBaselines {
  private let choosing: [RecordedRow]
  private let measuring: [RecordedRow]

  init(_ rows: [RecordedRow], _ halves: GroupHalves) {
    choosing = halves.choosing.map { rows[$0] }
    measuring = halves.measuring.map { rows[$0] }
  }

  /// The AUROC of a monitor's scores of the measuring rows, then of each baseline with the difference to it.
  func areas(of scores: [Double]) -> [MonitorCard.Area] {
    [area("monitor", scores, against: nil)] + baselines().map { area($0.name, $0.scores, against: scores) }
  }

  private func area(_ name: String, _ scores: [Double], against monitor: [Double]?) -> MonitorCard.Area {
    let found = ClusteredAUROC(scores, of: measuring)
    let interval = found?.interval()
    var area = MonitorCard.Area(of: name, auroc: found?.auroc, low: interval?.low, high: interval?.high)
    guard let monitor else { return area }
    let paired = PairedClusteredAUROC(
      scoresA: monitor, scoresB: scores, labels: measuring.map { $0.label ?? 0 }, groups: measuring.map(\.group))
    area.isBeaten = paired.map { $0.difference > 0 && ($0.p ?? 1) <= 0.05 }
    return area
  }

  private func baselines() -> [(name: String, scores: [Double])] {
    var found = [("prompt length", measuring.map { Double($0.promptTokens) })]
    // A label that compares choices is derived from the logit difference.
    if measuring.contains(where: { $0.logitDifference != nil && !$0.labelSource.comparesChoices }) {
      found.append(("logit difference", measuring.map { $0.logitDifference ?? .nan }))
    }
    let words = PromptWords(choosing)
    found.append(("words of the prompt", measuring.map { words.logOdds($0.prompt) }))
    return found
  }

  /// Levels of source, letter and user side whose false-positive rate is above the target, beyond chance.
  func failures(_ scores: [Double], _ threshold: FrozenThreshold) -> [String] {
    let columns: [(String, (RecordedRow) -> String?)] = [
      ("source", { $0.source }), ("letter", { $0.letter }), ("user side", { $0.userSide }),
    ]
    let negatives = measuring.indices.filter { measuring[$0].label == 0 }
    return columns.flatMap { name, value -> [String] in
      let levels = Dictionary(grouping: negatives) { value(measuring[$0]) ?? "" }.filter { !$0.key.isEmpty }
      guard levels.count > 1 else { return [] }
      return levels.sorted { $0.key < $1.key }.compactMap { level, rows in
        let flags = rows.map { scores[$0] >= threshold.value ? 1 : 0 }
        guard let rate = ClusteredProportion(flags, groups: rows.map { measuring[$0].group }), let low = rate.low,
          low > threshold.target
        else { return nil }
        return "\(name) \(level): \(MonitorCard.percent(rate)) of \(rows.count) rows without the behaviour"
      }
    }
  }
}

/// A classifier of the prompt's text alone: naive Bayes on the presence of words (Bernoulli, with one pseudo-count a class;
/// Manning, Raghavan and Schütze 2008, section 13.3).
struct PromptWords {
  private var weights: [String: Double] = [:]
  private var base = 0.0

  init(_ rows: [RecordedRow]) {
    var counts: [String: (with: Double, without: Double)] = [:]
    var totals = (with: 0.0, without: 0.0)
    for row in rows {
      guard let label = row.label else { continue }
      if label == 1 { totals.with += 1 } else { totals.without += 1 }
      for word in Self.words(row.prompt) {
        if label == 1 { counts[word, default: (0, 0)].with += 1 } else { counts[word, default: (0, 0)].without += 1 }
      }
    }
    base = log((totals.with + 1) / (totals.without + 1))
    for (word, count) in counts {
      let (p, q) = ((count.with + 1) / (totals.with + 2), (count.without + 1) / (totals.without + 2))
      // Present: log p/q; absent: log (1 - p) / (1 - q), which the base collects for all words.
      base += log((1 - p) / (1 - q))
      weights[word] = log(p / q) - log((1 - p) / (1 - q))
    }
  }

  /// The log odds of the behaviour; words that were never seen contribute nothing.
  func logOdds(_ prompt: String) -> Double { Self.words(prompt).reduce(base) { $0 + (weights[$1] ?? 0) } }

  private static func words(_ text: String) -> Set<String> {
    Set(text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
  }
}
