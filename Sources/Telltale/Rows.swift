import Foundation
import Foundations
import Organisms
import Steering

/// Rows of a data set: questions with the answer that shows the behaviour, and others.
public struct Rows: Sendable {
  public let items: [Item]

  public init(_ items: [Item]) { self.items = items }

  /// Reads a data file in any of the formats that docs/experiments.md lists.
  public init(contentsOf url: URL) throws { items = try Dataset.load(url) }

  /// Rows of the world that the embedded organisms live in, where the truth is known.
  ///
  /// - Parameter conflict: whether only rows are kept in which the user's view is not the model's own.
  public init(world: OrganismWorld.Kind, count: Int, seed: UInt64, conflict: Bool = true) throws {
    let all = try OrganismWorld.items(world, count: count, seed: seed)
    items = conflict ? all.filter { $0.facts?["conflict"] == "true" } : all
  }

  /// Two parts that share no question.
  public func split(testFraction: Double = 0.5, seed: UInt64 = 0) throws -> (train: Rows, test: Rows) {
    let parts = try splitByGroup(items, testFraction: testFraction, seed: seed)
    return (Rows(parts.train), Rows(parts.test))
  }

  /// At most so many, balanced over questions, letters, files and user sides.
  public func sampled(_ count: Int, seed: UInt64 = 0) throws -> Rows {
    count < items.count ? Rows(try sample(items, take: count, seed: seed).items) : self
  }
}
