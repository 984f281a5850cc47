import Foundation
import Foundations
import LanguageModels
import Steering

// What readers of a run, such as the report, take from its directory: tables, provenance, the results of steering.

extension StoredRun {
  /// Short names of the models.
  public var modelNames: [String] { models }

  /// The folder it was read from.
  public var url: URL { directory.url }

  /// A table of the folder `results` by its name without extension; nil where the run has none.
  public func table(_ name: String) throws -> CSVTable? {
    let url = directory.file("results/\(name).csv")
    return FileManager.default.fileExists(atPath: url.path) ? try CSVTable(contentsOf: url) : nil
  }

  /// Names of the folders in `results/` that hold tables by other labels than the run's own, sorted.
  package func labelFolders() throws -> [String] {
    let folder = directory.file("results")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("labels-") }
      .filter { FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/audit.csv").path) }.sorted()
  }

  /// What the run was made with; nil where it was never begun.
  package var manifest: Manifest? { directory.manifest }

  /// The experiment file as it was run.
  public func experimentText() throws -> String {
    String(decoding: try Data(contentsOf: directory.file("experiment.yaml")), as: UTF8.self)
  }

  /// Where a vector comes from; nil where it was not made.
  public func provenance(model: String, vector: String) throws -> VectorProvenance? {
    let url = directory.file("vectors/\(model)-\(vector).safetensors")
    return FileManager.default.fileExists(atPath: url.path) ? try SteeringVectors(contentsOf: url).provenance : nil
  }

  /// What steering with a vector did, margin by margin; nil where the run did not steer with it.
  package func storedSteering(model: String, vector: String) throws -> StoredSteering? {
    let url = directory.file("steering/\(model)-\(vector).json")
    return FileManager.default.fileExists(atPath: url.path) ? try StoredSteering(contentsOf: url) : nil
  }

  /// The layer at which a model's truth was planted, of an organism.
  public func plantedLayer(_ model: String) throws -> Int? { try planted(model)?.layer }

  /// The positions at which a target is judged, in the order of the experiment.
  public func positions(of target: String) -> [String] { experiment.positions(of: target).map(\.rawValue) }
}

/// Names of contents.
package enum ContentHash {
  /// SHA-256 as 64 hexadecimal digits.
  package static func sha256(_ text: String) -> String { SHA256.hexadecimalDigest(of: Array(text.utf8)) }
}
