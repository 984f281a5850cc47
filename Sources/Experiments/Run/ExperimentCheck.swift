import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers

/// What can be known of an experiment without computing: whether its keys, data and models are there and fit, and how much
/// there is to do. What `telltale run --check` prints.
package struct ExperimentCheck: Encodable, Sendable {
  package struct DatasetSize: Encodable, Sendable {
    package var name: String
    package var rows: Int
    /// Distinct ones: the unit of independence.
    package var questions: Int
  }

  package struct Model: Encodable, Sendable {
    package var name: String
    package var layers: Int
    package var hidden: Int
  }

  package var experiment: String
  package var models: [Model] = []
  package var datasets: [DatasetSize] = []
  package var vectors: [String]
  /// Predictions that will be judged: every vector on every target of each.
  package var targets: [String]
  package var stages: Int

  /// Reads file, data, configurations and tokenizers, and puts one row of every data set into the prompt format.
  ///
  /// - Throws: what the run itself would throw before it computes.
  package init(
    file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), device: Devices = .cpu
  ) throws {
    let planned = try TelltaleError.located(in: file.path) {
      // A model that is not there is known before the data are read.
      for model in try ExperimentFile.load(file, overrides).0.models {
        _ = try ModelLocator.directory(for: model)
      }
      return try PlannedRun(file: file, overrides: overrides, device: device)
    }
    experiment = planned.experiment.name
    vectors = planned.experiment.vectors.map(\.name.text)
    targets = Set(planned.experiment.predictions.flatMap(\.targets)).sorted()
    stages = planned.stages.count
    for name in planned.experiment.usedDatasets {
      let items = try planned.items(name)
      datasets.append(DatasetSize(name: name, rows: items.count, questions: Set(items.map(\.group.id)).count))
    }
    models = try TelltaleError.located(in: file.path) {
      try planned.experiment.models.map { try Self.model($0, planned) }
    }
  }

  private static func model(_ name: String, _ planned: PlannedRun) throws -> Model {
    let directory = try ModelLocator.directory(for: name)
    let configuration = try ModelConfiguration(ofModelAt: directory)
    let encoder = try planned.encoder(Tokenizer.load(directory: directory))
    for dataset in planned.experiment.usedDatasets {
      if let item = try planned.items(dataset).first { _ = encoder.encode(try encoder.prompt(item)) }
    }
    return Model(name: name, layers: configuration.layerCount, hidden: configuration.hiddenSize)
  }
}
