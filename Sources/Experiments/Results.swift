import Foundation
import Foundations
import LanguageModels
import Organisms
import Steering
import Torch

/// One vector at one layer: a row of `results/vectors.csv`.
package struct VectorResult: Sendable {
  package var model: ModelName
  package var vector: VectorName
  package var contrast: String
  package var read: String
  package var winsorised: Double?
  package var layer: Int
  /// Rows or pairs it was made of.
  package var pairs: Int?
  package var norm: Double
  package var residualNorm: Double?
  package var reliability: Double?
  /// Cosine with the planted directions, at the layer where they were planted.
  package var plantedCosines: [OrganismWorld.Kind: Double]

  static func rows(
    model: ModelName, settings: Experiment.VectorSettings, vectors: SteeringVectors, planted: PlantedDirections?
  ) throws -> [VectorResult] {
    try vectors.sortedLayers.map { layer in
      VectorResult(
        model: model, vector: settings.name, contrast: vectors.provenance.contrast ?? settings.contrast.rawValue,
        read: vectors.provenance.read ?? settings.read.rawValue, winsorised: vectors.provenance.winsorised,
        layer: layer, pairs: vectors.provenance.pairs,
        norm: vectors.norm(layer),
        residualNorm: vectors.provenance.residualNorms[layer],
        reliability: vectors.provenance.reliability[layer],
        plantedCosines: planted?.layer == layer ? try planted?.cosines(vectors) ?? [:] : [:])
    }
  }

  package static let table = Table<VectorResult>(
    "vectors", "One vector at one layer.",
    [
      .text("model", "The model that it was made from.", \.model.text),
      .text("vector", "Its name in the experiment file.", \.vector.text),
      .text("contrast", "What was compared to make it.", \.contrast),
      .text("read", "Where activations were read.", \.read),
      .number(
        "winsorised", "The share of the coordinates of every activation that was winsorised; empty for none.",
        unit: "0 to 0.5", \.winsorised),
      .integer("layer", "The block after which they were read, counted from 0.", \.layer),
      .number("norm", "Length of the vector.", unit: "units of the residual stream", \.norm),
      .number(
        "residual_norm", "Mean length of the residual stream where it was read.", unit: "units of the residual stream",
        \.residualNorm),
      .number(
        "reliability", "Mean cosine of vectors made of halves of the questions, stepped up to all of them.",
        unit: "-1 to 1", \.reliability),
      .number(
        "cosine_planted_opinions", "Of an organism: cosine with the direction planted for opinions, at its layer.",
        \.plantedCosines[.opinions]),
      .number("cosine_planted_facts", "The same for facts.", \.plantedCosines[.facts]),
    ])
}

/// How many answers to one question show the behaviour: a row of `results/labels.csv`. What could not be read is counted here and
/// left out of every measure.
package struct LabelCount: Sendable {
  package var model: ModelName
  package var target: TargetName
  package var group: String
  package var positives = 0
  package var negatives = 0
  package var unparsable = 0

  static func counts(model: ModelName, target: TargetName, _ rows: [RecordedRow]) -> [LabelCount] {
    Dictionary(grouping: rows, by: \.group).sorted { $0.key < $1.key }.map { group, rows in
      LabelCount(
        model: model, target: target, group: group, positives: rows.count { $0.label == 1 },
        negatives: rows.count { $0.label == 0 }, unparsable: rows.count { $0.label == nil })
    }
  }

  package static let table = Table<LabelCount>(
    "labels", "How the answers of one model to one question were labelled.",
    [
      .text("model", "The model that answered.", \.model.text),
      .text("target", "The data set.", \.target.text),
      .text("group", "The distinct question: the unit of independence.", \.group),
      .integer("positives", "Answers that show the behaviour.", unit: "answers", \.positives),
      .integer("negatives", "Answers that do not.", unit: "answers", \.negatives),
      .integer(
        "unparsable", "Answers that could not be read; left out of every measure.", unit: "answers", \.unparsable),
    ])
}

/// What a run found, for whoever prints it.
package struct ExperimentResults: Sendable {
  package var experiment: Experiment
  package var predictions: [PredictionResult] = []
  package var vectors: [VectorResult] = []
  package var audits: [AuditResult] = []
  package var transfer: [TransferResult] = []
  package var labels: [LabelCount] = []
  package var nulls: [NullBand] = []
  package var steerability: [Steerability] = []
  package var agreement: [VectorAgreement] = []
  package var study: [StudyRow] = []
  package var vectorPairs: [VectorPair] = []
  /// What could not be balanced, by data set.
  package var notes: [String: [String]] = [:]
  /// By whose labels the targets were judged.
  package var labelChoice: LabelChoice
  /// How many answers of each target have such a label.
  package var coverage: [LabelCoverage] = []
  /// The same by the other sources of labels that the experiment names.
  package var byOtherLabels: [ExperimentResults] = []

  init(experiment: Experiment, labels: LabelChoice = .recorded) {
    (self.experiment, labelChoice) = (experiment, labels)
  }

  /// What these labels do to each AUROC; empty for the recorded ones.
  package var changes: [LabelChange] { predictions.compactMap(\.change) }
}

/// What a run was made with.
package struct Manifest: Codable {
  /// Of the run directory's files, which readers check first.
  var layout = RunLayout.version
  package var experiment: String
  /// Where the experiment file lay, which its data files are relative to.
  package var folder: String?
  package var telltale: String
  package var libtorch = Runtime.version
  package var threads = Runtime.threadCount
  package var host: String = ProcessInfo.processInfo.hostName
  package var started = Date()
  package var finished: Date?
  /// The most memory that a process of the run held at once; nil where the system does not say.
  package var peakBytes: Int?
  package var models: [Model] = []
  /// By `<model>/<target>`.
  package var recordings: [String: Recording] = [:]

  package struct Model: Codable {
    package var name: String
    package var fingerprint: String
    /// The commit of the Hugging Face repository, where it is a snapshot of the local cache.
    package var revision: String?
    package var tokenizer: String
    package var dtype: String
    package var seconds: Double

    init(_ loaded: LoadedModel, seconds: Double) {
      name = loaded.name
      fingerprint = loaded.fingerprint
      revision = loaded.revision
      tokenizer = loaded.tokenizer.contentHash
      dtype = loaded.model.arithmetic
      self.seconds = seconds
    }
  }

  /// Replaces what was known of the same model.
  mutating func note(_ model: Model) {
    models.removeAll { $0.name == model.name }
    models.append(model)
  }

  package struct Recording: Codable {
    package var rows = 0
    package var unparsable = 0
    package var positives = 0

    mutating func add(_ rows: [RecordedRow]) {
      self.rows += rows.count
      unparsable += rows.count { $0.label == nil }
      positives += rows.count { $0.label == 1 }
    }
  }

  init(experiment: String, version: String) {
    self.experiment = experiment
    telltale = version
  }
}
