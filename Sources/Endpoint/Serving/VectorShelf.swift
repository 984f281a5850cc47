import Foundation
import Foundations
import LanguageModels
import Steering
import Synchronization

/// The vectors that requests may name. They can be added and removed at any time; a request keeps those that it began with.
package final class VectorShelf: Sendable {
  /// Bytes of an uploaded file.
  package static let largestFile = 64 << 20
  private static let most = 64
  private static let longestName = 64

  private let vectors = Mutex<[String: SteeringVectors]>([:])
  private let model: LanguageModel
  private let fingerprint: String
  /// Whether vectors of other models of the same width are accepted.
  private let anyModel: Bool

  package init(for loaded: LoadedModel, anyModel: Bool = false) {
    (model, fingerprint, self.anyModel) = (loaded.model, loaded.fingerprint, anyModel)
  }

  /// What is said of a vector.
  struct Entry: Encodable, Equatable {
    let object = "telltale.vector"
    var name: String
    var layers: [Int]
    var norms: [Double]
    var estimator: String

    private enum CodingKeys: CodingKey { case object, name, layers, norms, estimator }
  }

  private static func entry(_ name: String, _ vectors: SteeringVectors) -> Entry {
    let layers = vectors.sortedLayers
    return Entry(
      name: name, layers: layers, norms: layers.map(vectors.norm),
      estimator: vectors.provenance.estimator ?? "unknown")
  }

  var entries: [Entry] { vectors.withLock { $0 }.sorted { $0.key < $1.key }.map(Self.entry) }

  func entry(_ name: String) throws(EndpointError) -> Entry { Self.entry(name, try self[name]) }

  /// - Throws: 404 for a name that is not there.
  subscript(name: String) -> SteeringVectors {
    get throws(EndpointError) {
      let known = vectors.withLock { $0 }
      if let found = known[name] { return found }
      let names = known.isEmpty ? "none is registered" : "there are \(known.keys.sorted().joined(separator: ", "))"
      throw EndpointError(
        404, "there is no vector \"\(SafeText.quoted(name))\"; \(names)", code: "vector_not_found",
        parameter: "vector")
    }
  }

  /// Registers vectors that fit the model under a name, instead of those that had it; returns what the user should know.
  @discardableResult
  package func put(_ name: String, _ new: SteeringVectors) throws -> [String] {
    guard Self.isName(name) else {
      throw EndpointError(
        400, "a vector's name has 1 to \(Self.longestName) letters, digits, dots, hyphens and underscores",
        code: "invalid_name", parameter: "name")
    }
    let notes = try new.check(against: model, fingerprint: fingerprint, anyModel: anyModel)
    try vectors.withLock { vectors in
      guard vectors[name] != nil || vectors.count < Self.most else {
        throw EndpointError(400, "\(Self.most) vectors are registered; remove one first", code: "too_many_vectors")
      }
      vectors[name] = new
    }
    return notes
  }

  /// Registers an uploaded vector file. It goes through a file that nobody else may read and that is gone at once.
  func put(_ name: String, file bytes: [UInt8]) throws -> Entry {
    let folder = FileManager.default.temporaryDirectory.appending(path: "telltale-upload-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "upload.safetensors")
    try Data(bytes).write(to: file)
    var vectors: SteeringVectors
    do { vectors = try SteeringVectors(contentsOf: file) } catch let error as TelltaleError {
      throw EndpointError(400, "the uploaded file \(error.message)", code: "bad_vector_file")
    }
    vectors.provenance.file = name
    do { try put(name, vectors) } catch let error as TelltaleError {
      throw EndpointError(400, "the uploaded file \(error.message)", code: "bad_vector_file")
    }
    return try entry(name)
  }

  /// - Throws: 404 for a name that is not there.
  func remove(_ name: String) throws(EndpointError) {
    _ = try self[name]
    vectors.withLock { $0[name] = nil }
  }

  static func isName(_ name: String) -> Bool {
    (1...longestName).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || [45, 46, 95].contains(byte)
      } && name != "." && name != ".."
  }
}
