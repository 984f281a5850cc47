import LanguageModels
import Organisms
import Steering
import Torch

/// An experiment file: which models, which data, which vectors, and what they should predict. Every key is documented in
/// docs/experiments.md.
public struct Experiment: Codable, Sendable, Equatable {
  public var name: String
  /// The question it answers, for the reader.
  public var about: String?
  /// Seed of everything random that has none of its own.
  public var seed: UInt64
  public var models: [String]
  /// Computation dtype; nil is the checkpoint's.
  public var dtype: DType?
  /// How the models' weights are held.
  public var weights: WeightFormat
  public var prompt: PromptSettings
  public var datasets: [String: DatasetSettings]
  /// Those of the list, then those of the grids.
  public var vectors: [VectorSettings]
  public var grids: [GridSettings]
  public var steering: SteeringSettings?
  public var study: StudySettings?
  public var comparisons: ComparisonSettings?
  public var predictions: [PredictionSettings]
  public var recording: RecordingSettings

  public struct PromptSettings: Codable, Sendable, Equatable {
    public var style: PromptStyle = .plain
    public var template: String?
    /// Solved examples of the few-shot style, taken from the data set named `examplesFrom`.
    public var examples = 4
    public var examplesFrom: String?
  }

  public struct DatasetSettings: Codable, Sendable, Equatable {
    /// Data files, relative to the experiment file.
    public var files: [String]?
    public var format: DatasetFormat?
    /// Instead of files: the organisms' world, `opinions` or `facts`.
    public var organism: OrganismWorld.Kind?
    /// How many rows: drawn balanced from files after everything else; of an organism, generated before `where` and
    /// `part` choose among them (multiples of 768 are balanced in every question).
    public var take: Int?
    /// What the draw of `take` is balanced over; the rest is left to chance.
    public var balance: [BalanceAxis] = BalanceAxis.allCases
    public var seed: UInt64?
    /// Only these rows of the files, counted from 0 through all of them in their order.
    public var rows: RowRange?
    /// Keep only a part of the questions: `train` or `test` of a split by question.
    public var part: Part?
    /// The share of the rows on the test side of that split.
    public var testFraction = 0.5
    /// What that split is by: no question, or no file, user side or letter, is on both sides.
    public var splitBy: BalanceAxis = .group
    /// Only rows with these values: of `letter`, `source`, `user-side`, or of an organism's facts (conflict, approval,
    /// expertise).
    public var `where`: [String: String]?

    /// Organisms: word the cues in ways that training never showed.
    public var heldOutCues = false

    public enum Part: String, Codable, Sendable { case train, test }
  }

  public struct VectorSettings: Codable, Sendable, Equatable {
    public enum Method: String, Codable, Sendable, CaseIterable {
      /// The answers of contrast pairs.
      case contrastPairs = "contrast-pairs"
      /// Spontaneous behaviour and its absence.
      case classMean = "class-mean"
      /// Contrasting instructions: read at the prompt, or over the responses that the model gives under each.
      case instructions
      /// Each model's activations minus those of another model (`against`) on the same texts.
      case modelDifference = "model-difference"
    }

    public var name: String
    public var method: Method
    /// How activations become a direction.
    public var estimator: Estimator
    /// Take only so many rows of the data set, drawn balanced: for learning curves.
    public var pairs: Int?
    public var dataset: String
    public var read: ReadPosition
    public var positive: [String]?
    public var negative: [String]?
    /// The model whose activations are subtracted, for the method model-difference.
    public var against: String?
    /// New tokens at most of a response under an instruction.
    public var maxTokens: Int
  }

  public struct PredictionSettings: Codable, Sendable, Equatable {
    /// Names of vectors; nil is all.
    public var vectors: [String]?
    /// Names of data sets.
    public var targets: [String]
    public var positions: [ReadPosition]
    public var scores: [ScoreKind]
    /// Whether a vector may be made of questions that a target asks; else such a run is refused.
    public var sharedQuestions: Bool
    /// Judge the targets by these labels too; nil: by the recorded ones only.
    public var labels: LabelChoice?
  }

  public struct RecordingSettings: Codable, Sendable, Equatable {
    /// `letter` or `forced-choice`.
    public var label: LabelSource = .letter
    public var maxTokens = 16
    /// Rows written, and after an interruption redone, together.
    public var chunkRows = 256
    /// Whether an answer is computed the same bit by bit whatever is computed with it; nil: in float32.
    public var batchInvariant: Bool?
  }
}
