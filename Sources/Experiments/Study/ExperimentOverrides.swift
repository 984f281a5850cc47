import Foundation
import Foundations
import LanguageModels
import Organisms
import Steering
import Torch
import Yams

/// Models and data given with an experiment file, instead of those it names.
package struct ExperimentOverrides: Sendable, Equatable {
  /// Empty: those of the file.
  package var models: [String]
  /// Files by name of the data set that they replace.
  package var datasets: [String: [URL]]
  /// Rows of every data set at most, for a first look; also pairs of every vector.
  package var limit: Int?

  package init(models: [String] = [], datasets: [String: [URL]] = [:], limit: Int? = nil) {
    (self.models, self.datasets, self.limit) = (models, datasets, limit)
  }

  var isEmpty: Bool { models.isEmpty && datasets.isEmpty && limit == nil }

  /// The experiment's text with what was given instead of what it says; how many rows are taken, and of which part
  /// of the questions, stays.
  func apply(to text: String, file: String) throws -> String {
    if isEmpty { return text }
    guard var root = try Yams.compose(yaml: text) else { return text }
    if !models.isEmpty { replaceModels(&root) }
    for (name, files) in datasets.sorted(by: { $0.key < $1.key }) {
      guard var own = root["datasets"]?[name]?.mapping else {
        let known = root["datasets"]?.mapping?.keys.compactMap(\.string).sorted().joined(separator: ", ") ?? ""
        throw TelltaleError(
          .badInput, "there is no data set \"\(SafeText.quoted(name))\" to give files for; there are \(known)",
          at: InputLocation(file: file))
      }
      for key in ["organism", "held-out-cues", "where", "format"] { own[key] = nil }
      own["files"] = Node(files.map { Self.quoted($0.standardizedFileURL.path) })
      root["datasets"]?[name] = .mapping(own)
    }
    if let limit { lower(&root, to: limit) }
    return "# Models, data sets or limits are those given on the command line.\n"
      + (try Yams.serialize(node: root, width: -1, allowUnicode: true))
  }

  /// Where there are as many, `against` of a vector follows the model that it names.
  private func replaceModels(_ root: inout Node) {
    let own = root["models"]?.sequence?.map { $0.string } ?? []
    root["models"] = Node(models.map { Self.quoted($0) })
    guard own.count == models.count, let vectors = root["vectors"]?.sequence else { return }
    for index in vectors.indices {
      guard let place = own.firstIndex(where: { $0 != nil && $0 == vectors[index]["against"]?.string }) else {
        continue
      }
      root["vectors"]?[index]?["against"] = Self.quoted(models[place])
    }
  }

  private func lower(_ root: inout Node, to limit: Int) {
    for name in root["datasets"]?.mapping?.keys.compactMap(\.string) ?? [] {
      let own = root["datasets"]?[name]?["limit"]?.int ?? .max
      root["datasets"]?[name]?["limit"] = Node("\(min(own, limit))", Tag(.int))
    }
    for index in (root["vectors"]?.sequence ?? []).indices {
      guard let pairs = root["vectors"]?[index]?["pairs"]?.int else { continue }
      root["vectors"]?[index]?["pairs"] = Node("\(min(pairs, limit))", Tag(.int))
    }
  }

  private static func quoted(_ text: String) -> Node { .scalar(Node.Scalar(text, Tag(.str), .doubleQuoted)) }

  /// Refuses to ask a real model about the organisms' world.
  func check(_ experiment: Experiment) throws {
    guard !models.isEmpty,
      let name = experiment.usedDatasets.first(where: { experiment.datasets[$0]?.organism != nil })
    else { return }
    for model in models where try PlantedDirections.beside(ModelLocator.directory(for: model)) == nil {
      throw TelltaleError(
        .badInput,
        "\(model) is no organism and knows nothing of their world, which the data set \(name) is of; give "
          + "files for it, as its own data")
    }
  }
}
