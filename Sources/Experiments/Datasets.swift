import Foundation
import Foundations
import Organisms
import Steering

/// The data sets of an experiment, read or generated once each.
struct Datasets {
  private let experiment: Experiment
  private let folder: URL
  private var loaded: [String: [Item]] = [:]
  /// What could not be balanced, by data set.
  private(set) var notes: [String: [String]] = [:]

  /// - Parameter folder: what file paths are relative to: the experiment file's folder.
  init(_ experiment: Experiment, folder: URL) {
    self.experiment = experiment
    self.folder = folder
  }

  mutating func items(_ name: String) throws -> [Item] {
    if let items = loaded[name] { return items }
    guard let settings = experiment.datasets[name] else {
      throw TelltaleError(.badInput, "there is no data set \"\(name)\"")
    }
    var items = try all(settings)
    let own = settings.organism == nil ? Dataset.notes(of: items) : []
    if !own.isEmpty { notes[name] = own }
    if experiment.recording.label != .letter { items = items.map { $0.choosingReferences() } }
    if let conditions = settings.where { items = items.filter { Self.meets($0, conditions) } }
    if let part = settings.part {
      let split = try Self.split(items, settings, seed: experiment.seed)
      items = part == .train ? split.train : split.test
    }
    guard !items.isEmpty else {
      throw TelltaleError(.badInput, "the data set \"\(name)\" has no rows left; check its rows, where and part")
    }
    if let take = settings.mostRows, take < items.count {
      let drawn = try sample(items, take: take, seed: settings.seed ?? experiment.seed, balance: Set(settings.balance))
      items = drawn.items
      notes[name, default: []] += drawn.notes
    }
    if let doubts = settings.pushback { items = try Pushback.items(items, doubts: doubts) }
    loaded[name] = items
    return items
  }

  private func all(_ settings: Experiment.DatasetSettings) throws -> [Item] {
    if let kind = settings.organism {
      return try OrganismWorld.items(
        kind, count: settings.take ?? OrganismWorld.balancedCount, seed: settings.seed ?? experiment.seed,
        cues: settings.heldOutCues ? .heldOut : .training)
    }
    let urls = (settings.files ?? []).map { URL(fileURLWithPath: $0, relativeTo: folder) }
    let items = try Dataset.load(urls, format: settings.format)
    guard let rows = settings.rows else { return items }
    guard rows.last < items.count else {
      throw TelltaleError(
        .badInput, "the rows \(rows) were asked for and its files hold \(items.count), counted from 0; ask for fewer")
    }
    return Array(items[rows.first...rows.last])
  }

  private static func split(
    _ items: [Item], _ settings: Experiment.DatasetSettings, seed: UInt64
  ) throws -> GroupSplit {
    try splitItems(items, by: settings.splitBy, testFraction: settings.testFraction, seed: seed)
  }

  private static func meets(_ item: Item, _ conditions: [String: String]) -> Bool {
    conditions.allSatisfy { name, value in
      switch name {
      case "letter": item.matchingLetter == value
      case "source": item.source == value
      case "user-side": item.userSide == value
      default: item.facts?[name] == value
      }
    }
  }

  /// Refuses predictions of questions that the vector was made from, unless the experiment says that this is meant.
  mutating func checkSharedQuestions() throws {
    for prediction in experiment.predictions where !prediction.sharedQuestions {
      let vectors = experiment.vectors.filter { prediction.vectors?.contains($0.name) ?? true }
      for target in prediction.targets {
        let asked = Set(try items(target).map(\.group))
        for vector in vectors {
          let shared = asked.intersection(try items(vector.dataset).map(\.group)).count
          guard shared > 0 else { continue }
          throw TelltaleError(
            .badInput,
            "the vector \(vector.name) is made from \(shared) of the \(asked.count) questions that \(target) asks; "
              + "give the data sets part: train and part: test, or say shared-questions: true in the prediction")
        }
      }
    }
  }
}
