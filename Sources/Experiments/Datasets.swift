import Foundation
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
      throw ExperimentError(.badInput, "there is no data set \"\(name)\"")
    }
    var items = try all(settings)
    if let conditions = settings.where { items = items.filter { Self.meets($0, conditions) } }
    if let part = settings.part {
      let split = try splitByGroup(items, testFraction: settings.testFraction, seed: experiment.seed)
      items = part == .train ? split.train : split.test
    }
    guard !items.isEmpty else {
      throw ExperimentError(.badInput, "the data set \"\(name)\" has no rows left; check its where and part")
    }
    if settings.organism == nil, let take = settings.take, take < items.count {
      let drawn = try sample(items, take: take, seed: settings.seed ?? experiment.seed)
      items = drawn.items
      notes[name] = drawn.notes
    }
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
    return try Dataset.load(urls, format: settings.format)
  }

  private static func meets(_ item: Item, _ conditions: [String: String]) -> Bool {
    conditions.allSatisfy { item.facts?[$0.key] == $0.value }
  }
}
