import Experiments
import Foundation
import Foundations
import Statistics

/// Takes scores and texts from the store into the page, within what a page may weigh.
struct ScoreLibrary {
  /// Numbers of all series together: 1.2 million float32 are 6.4 MB of base64.
  static let mostScores = 1_200_000
  /// Characters of all questions and answers together.
  static let mostCharacters = 2_500_000
  /// More points are not drawn.
  static let mostRows = 20_000

  private let contents: RunContents
  private(set) var tables: [AnswerTable] = []
  private(set) var series: [ScoreSeries] = []
  private(set) var notes: [String] = []
  /// How many more scores there is room for.
  private var left: Int
  private var stored: [[StoredAnswer]] = []

  init(_ contents: RunContents, room: Int = Self.mostScores) { (self.contents, left) = (contents, room) }

  /// Loads every series, as far as there is room: first those of all layers, then those of the judged layer alone.
  mutating func load() throws {
    guard let store = contents.store else {
      if !contents.series.isEmpty {
        notes.append("Single answers are not shown: telltale.sqlite is missing; telltale predict builds it.")
      }
      return
    }
    let targets = try loadAnswers(store)
    var (short, missing) = (0, 0)
    for name in contents.series {
      guard let table = targets[[name.model, name.target]], !stored[table].isEmpty else {
        missing += 1
        continue
      }
      let cosines = try store.cosines(
        model: name.model, vector: name.vector, dataset: name.target, position: name.position)
      let judged = try contents.judgedLayer(name)?.layer
      var layers = cosines.keys.sorted()
      if layers.count * stored[table].count > left {
        layers = layers.filter { $0 == judged }
        short += 1
      }
      guard !layers.isEmpty, layers.count * stored[table].count <= left else {
        missing += 1
        continue
      }
      left -= layers.count * stored[table].count
      add(name, table, layers, cosines, judged: judged)
    }
    note(short: short, missing: missing)
  }

  private mutating func note(short: Int, missing: Int) {
    if short > 0 {
      notes.append(
        "To keep the page small, \(short) of \(contents.series.count) combinations of vector, target and "
          + "position have single scores at the judged layer only; telltale.sqlite has all.")
    }
    if missing > 0 {
      notes.append(
        "Single scores of \(missing) of \(contents.series.count) combinations are not in this page; "
          + "telltale.sqlite has what was recorded.")
    }
  }

  /// A table of answers for every model and target; those of too many rows are left out.
  private mutating func loadAnswers(_ store: RunStore) throws -> [[String]: Int] {
    var keys: [[String]] = []
    for name in contents.series where !keys.contains([name.model, name.target]) {
      keys.append([name.model, name.target])
    }
    var numbers: [[String]: Int] = [:]
    var loaded: [(key: [String], answers: [StoredAnswer])] = []
    for key in keys {
      let answers = try store.answers(model: key[0], dataset: key[1])
      if answers.count > Self.mostRows {
        notes.append(
          "\(key[1]) has \(answers.count) answers, more than the \(Self.mostRows) that are drawn one by one.")
      } else {
        loaded.append((key, answers))
      }
    }
    let rows = loaded.reduce(0) { $0 + $1.answers.count }
    let limit = min(2_000, max(80, Self.mostCharacters / max(1, 2 * rows)))
    for (key, answers) in loaded {
      numbers[key] = tables.count
      tables.append(AnswerTable(model: key[0], dataset: key[1], answers, limit: limit))
      stored.append(answers)
    }
    return numbers
  }

  private mutating func add(
    _ name: SeriesName, _ table: Int, _ layers: [Int], _ cosines: [Int: StoredCosines], judged: Int?
  ) {
    let answers = stored[table]
    var numbers: [Float] = []
    numbers.reserveCapacity(layers.count * answers.count)
    for layer in layers {
      let own = cosines[layer] ?? [:]
      for answer in answers { numbers.append(own[answer.id].map { Float($0) } ?? .nan) }
    }
    let row = contents.cosines(name).first { $0["layer"] == judged.map(String.init) }
    let shown = judged.flatMap { layer in
      ScoreSeries.curve(
        answers, cosines[layer] ?? [:], layer: layer, row: row, seed: contents.run.experiment.seed)
    }
    for index in (shown?.1).map({ $0.highest + $0.lowest + $0.surprising }) ?? [] {
      tables[table].prompts["\(index)"] = SafeText.visible(answers[index].prompt, limit: SafeText.longest)
    }
    series.append(
      ScoreSeries(
        name: name, answers: table, layers: layers, scores: Base64.ofFloats(numbers),
        fits: layers.map { ScoreSeries.fit(answers, cosines[$0] ?? [:]) }, curve: shown?.0, extremes: shown?.1))
  }
}
