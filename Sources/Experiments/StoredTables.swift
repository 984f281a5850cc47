import Foundation
import Foundations
import LanguageModels
import Steering

// What readers of a run, such as the report, take from its directory: tables, provenance, the results of steering.

extension StoredRun {
  /// The folder it was read from.
  package var url: URL { directory.url }

  /// A table; without rows where the run has none.
  ///
  /// - Parameter folder: that of the tables by other labels than the run's own; nil for its own.
  package func table(_ table: RunTable, in folder: String? = nil) throws -> StoredTable {
    try existing(directory.layout.table(table, in: folder)).map { try table.declaration.read(CSVTable(contentsOf: $0)) }
      ?? table.declaration.empty
  }

  /// Names of the folders that hold tables by other labels than the run's own, sorted.
  package func labelFolders() -> [String] {
    directory.layout.labelFolders.map(\.lastPathComponent)
      .filter { existing(directory.layout.table(.audit, in: $0)) != nil }
  }

  /// Where its files lie.
  package var layout: RunLayout { directory.layout }

  /// What the run was made with; nil where it was never begun.
  package var manifest: Manifest? { directory.manifest }

  /// The experiment file as it was run.
  package func experimentText() throws -> String {
    String(decoding: try Data(contentsOf: directory.layout.experiment), as: UTF8.self)
  }

  /// Where a vector comes from; nil where it was not made.
  package func provenance(model: ModelName, vector: VectorName) throws -> VectorProvenance? {
    try existing(directory.layout.vector(model, vector)).map { _ in try vectors(model, vector).provenance }
  }

  /// What steering with a vector did, margin by margin; nil where the run did not steer with it.
  package func storedSteering(model: ModelName, vector: VectorName) throws -> StoredSteering? {
    try existing(directory.layout.steering(model, vector)).map { _ in try steering(model, vector) }
  }

  /// The layer at which a model's truth was planted, of an organism.
  package func plantedLayer(_ model: ModelName) throws -> Int? { try planted(model)?.layer }

  /// The positions at which a target is judged, in the order of the experiment.
  package func positions(of target: TargetName) -> [String] { experiment.positions(of: target).map(\.rawValue) }
}
