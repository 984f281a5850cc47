import Foundation
import LanguageModels
import Steering
import Tokenizers
import Torch

/// The stages of a run with the hashes of their inputs, worked out from the files alone: no model is loaded for it.
struct StagePlan {
  let experiment: Experiment
  /// SHA-256 of the items of each data set that is used, in their order.
  private let data: [String: String]
  private let device: String

  init(_ experiment: Experiment, _ datasets: inout Datasets, device: Device) throws {
    self.experiment = experiment
    var data: [String: String] = [:]
    for name in experiment.usedDatasets { data[name] = Stage.hash(try datasets.items(name)) }
    self.data = data
    self.device = device == .cpu ? "cpu" : "cuda"
  }

  /// The stages of one model, in the order in which they are done.
  func stages(of model: String) throws -> [Stage] {
    let identity = try identity(of: model)
    let short = experiment.shortName(of: model)
    var stages: [Stage] = []
    var recorded: [String: String] = [:]
    for dataset in experiment.recordedDatasets {
      let stage = Stage(kind: .record, model: short, subject: dataset, inputs: recordInputs(dataset, identity))
      recorded[dataset] = stage.hash
      stages.append(stage)
    }
    for settings in experiment.vectors {
      var inputs = identity
      inputs["vector settings"] = Stage.hash(settings)
      inputs["data set"] = data[settings.dataset]
      inputs["recording"] = recorded[settings.dataset]
      stages.append(Stage(kind: .extract, model: short, subject: settings.name, inputs: inputs))
    }
    stages += steeringStages(short, identity, extractions: stages.filter { $0.kind == .extract })
    var inputs = identity
    inputs["data set"] = Stage.hash(experiment.recordedDatasets.compactMap { data[$0] })
    stages.append(Stage(kind: .audit, model: short, subject: "", inputs: inputs))
    return stages
  }

  /// The tables: of all the other stages and of what is asked.
  func analysis(of stages: [Stage]) -> Stage {
    let inputs = [
      "format": Stage.format, "stages": Stage.hash(stages.map(\.hash)),
      "predictions": Stage.hash(experiment.predictions),
      "seed": "\(experiment.seed)", "study": Stage.hash(experiment.study),
    ]
    return Stage(kind: .analysis, model: "", subject: "", inputs: inputs)
  }

  /// Comparing vectors: of their extractions, of files, and of what is asked.
  ///
  /// - Parameters:
  ///   - stages: of all models.
  ///   - hash: of a file that the experiment names.
  func comparisons(of stages: [Stage], hash: (String) throws -> String) rethrows -> [Stage] {
    let extractions = stages.filter { $0.kind == .extract }
    func extraction(_ model: String, _ name: String) -> String {
      extractions.first { $0.model == model && $0.subject == name }?.hash ?? ""
    }
    return try experiment.comparedVectors.map { model, vector in
      var inputs = ["format": Stage.format, "seed": "\(experiment.seed)", "vector": extraction(model, vector)]
      inputs["layers compared"] = Stage.hash(experiment.comparisons?.layers)
      inputs["compared with"] = Stage.hash(
        try experiment.partners(of: vector, model).map { partner in
          switch partner {
          case .vector(let model, let name): [model, name, extraction(model, name)]
          case .file(let path): [path, try hash(path)]
          }
        })
      return Stage(kind: .compare, model: model, subject: vector, inputs: inputs)
    }
  }

  private func steeringStages(_ model: String, _ identity: [String: String], extractions: [Stage]) -> [Stage] {
    guard let steering = experiment.steering else { return [] }
    let names = Set(experiment.steeringVectors.map(\.name))
    return extractions.filter { names.contains($0.subject) }.map { extraction in
      var inputs = identity
      inputs["vector"] = extraction.hash
      inputs["steering settings"] = Stage.hash(steering)
      inputs["data set"] = Stage.hash(steering.targets.compactMap { data[$0] })
      return Stage(kind: .steer, model: model, subject: extraction.subject, inputs: inputs)
    }
  }

  /// What every stage of a model depends on.
  private func identity(of model: String) throws -> [String: String] {
    let directory = try ModelLocator.directory(for: model)
    var inputs = [
      "format": Stage.format, "model": try Fingerprint.checkpoint(directory),
      "tokenizer": try Tokenizer.load(directory: directory).contentHash,
      "dtype": experiment.dtype?.rawValue ?? "the checkpoint's", "device": device, "seed": "\(experiment.seed)",
      "prompt settings": Stage.hash(experiment.prompt),
      "batch-invariant": experiment.recording.batchInvariant.map { "\($0)" } ?? "in float32",
    ]
    // Left out where it is the default, so that runs from before the key can go on.
    if experiment.weights != .dense { inputs["weights"] = experiment.weights.rawValue }
    if experiment.prompt.style == .fewShot {
      // Examples are drawn from questions that no other data set asks.
      inputs["examples"] = Stage.hash(experiment.usedDatasets.compactMap { data[$0] })
    }
    return inputs
  }

  private func recordInputs(_ dataset: String, _ identity: [String: String]) -> [String: String] {
    var inputs = identity
    inputs["data set"] = data[dataset]
    inputs["label source"] = experiment.recording.label.description
    inputs["max-tokens"] = "\(experiment.recording.maxTokens)"
    inputs["chunk-rows"] = "\(experiment.recording.chunkRows)"
    return inputs
  }
}

extension Experiment {
  /// The names of the stages of a run, in the order in which they are done.
  var stageNames: [(kind: Stage.Kind, model: String, subject: String)] {
    let ofModels = models.map(shortName(of:)).flatMap(stageNames(of:))
    let compared = comparedVectors.map { (kind: Stage.Kind.compare, model: $0.model, subject: $0.vector) }
    return ofModels + compared + [(.analysis, "", "")]
  }

  private func stageNames(of model: String) -> [(kind: Stage.Kind, model: String, subject: String)] {
    recordedDatasets.map { (.record, model, $0) } + vectors.map { (.extract, model, $0.name) }
      + steeringVectors.map { (.steer, model, $0.name) } + [(.audit, model, "")]
  }
}
