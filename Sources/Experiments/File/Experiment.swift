import Foundations
import LanguageModels
import Organisms
import Steering
import Tokenizers
import Torch

/// An experiment file: which models, which data, which vectors, and what they should predict. What each property means is
/// said at its key.
package struct Experiment: FileSection, Sendable, Equatable {
  package var name = ""
  package var about: String?
  package var seed: UInt64 = 0
  package var models: [String] = []
  package var dtype: DType?
  package var weights = WeightFormat.dense
  package var prompt = PromptSettings()
  package var datasets: [String: DatasetSettings] = [:]
  /// Those of the list, then those of the grids.
  package var vectors: [VectorSettings] = []
  package var grids: [GridSettings] = []
  package var steering: SteeringSettings?
  package var study: StudySettings?
  package var comparisons: ComparisonSettings?
  package var predictions: [PredictionSettings] = []
  package var recording = RecordingSettings()

  static var keys: [Key<Self>] {
    [
      Key("name", \.name, "Name of the experiment.", required: true),
      Key("about", \.about, "The question, for the reader; printed first."),
      Key("seed", \.seed, "Seed of everything random that sets no seed."),
      Key(
        "models", \.models,
        "The models: directories, Hugging Face ids in the local cache, organism-shared, organism-split.",
        required: true,
        .list(.text, atLeast: 1)),
      Key(
        "dtype", \.dtype, "Computation dtype; by default the checkpoint's.",
        .choice([DType.float32, .bfloat16, .float16].map(\.rawValue))),
      Key(
        "weights", \.weights,
        "How weights are held: int8 and int4 round projections and head while loading, stored keeps a GGUF file's blocks."
      ),
      Key("prompt", \.prompt, "How questions are put."),
      Key(
        "datasets", \.datasets, "Data sets by name.", required: true, .map(DatasetSettings.shape, names: .newName)),
      Key("vectors", \.vectors, "Steering vectors; required without `grids`."),
      Key("grids", \.grids, "Vectors of every combination of some lists."),
      Key("steering", \.steering, "What the vectors do to the answers."),
      Key("study", \.study, "One row for every vector."),
      Key("comparisons", \.comparisons, "Which vectors are compared with which; `{}` is every two of a model."),
      Key("predictions", \.predictions, "What the vectors should predict.", required: true),
      Key("recording", \.recording, "How answers are recorded."),
    ]
  }

  init() {}

  package struct PromptSettings: FileSection, Sendable, Equatable {
    package var style = PromptStyle.plain
    package var template: String?
    package var templateVariables: [String: String]?
    package var date: TemplateDate?
    package var examples = PromptFormat.defaultExamples
    package var examplesFrom: String?

    static var keys: [Key<Self>] {
      [
        Key("style", \.style, "Text as stored, as a user message, or after solved examples."),
        Key(
          "template", \.template,
          "Chat template instead of the model's own: \(ChatTemplate.names.map { "`\($0)`" }.joined(separator: ", ")), "
            + "one of the model's named templates, or a file of Jinja (`.jinja`) relative to the experiment file."),
        Key(
          "template-variables", \.templateVariables,
          "Variables of the chat template, such as `enable_thinking: \"false\"`; JSON, or else text."),
        Key("date", \.date, "The day that a chat template which reads the clock is told, such as 2026-01-15."),
        Key("examples", \.examples, "Solved examples of the few-shot style.", .whole(from: 1)),
        Key("examples-from", \.examplesFrom, "The data set that the solved examples come from.", .name(of: "data set")),
      ]
    }

    init() {}

    /// What a chat template reads in addition to the messages.
    var chat: ChatSettings {
      let variables = (templateVariables ?? [:]).sorted { $0.key < $1.key }
      return ChatSettings(variables: variables.map { .init(name: $0.key, text: $0.value) }, date: date)
    }
  }

  package struct DatasetSettings: FileSection, Sendable, Equatable {
    package var files: [String]?
    package var format: DatasetFormat?
    package var organism: OrganismWorld.Kind?
    package var rows: RowRange?
    package var take: Int?
    package var limit: Int?
    package var balance = BalanceAxis.allCases
    package var seed: UInt64?
    package var part: Part?
    package var splitBy = BalanceAxis.group
    package var testFraction = 0.5
    package var `where`: [String: String]?
    package var pushback: [String]?
    package var heldOutCues = false

    /// What is drawn at most after everything else; an organism's `take` counts what is generated.
    var mostRows: Int? { [organism == nil ? take : nil, limit].compactMap(\.self).min() }

    package enum Part: String, FileChoice, Sendable { case train, test }

    static var keys: [Key<Self>] {
      [
        Key("files", \.files, "Data files, relative to the experiment file.", .list(.text, atLeast: 1)),
        Key("format", \.format, "By default told from the content."),
        Key("organism", \.organism, "Instead of files, the organisms' world."),
        Key(
          "rows", \.rows,
          "Only these rows of the files, such as `0-499`, counted from 0 through all files in their order."),
        Key(
          "take", \.take,
          "How many rows, drawn balanced after everything else; of an organism, how many are generated before `where` and "
            + "`part` choose among them (multiples of 768 are balanced in every question).", .whole(from: 1)),
        Key(
          "limit", \.limit, "At most so many rows, drawn as those of `take`, also of an organism: what `--limit` sets.",
          .whole(from: 1)),
        Key("balance", \.balance, "What the draw of `take` is balanced over; the rest is left to chance."),
        Key("seed", \.seed, "Seed of the draw or of the organism's world; by default the experiment's."),
        Key(
          "part", \.part, "One side of a split: two data sets of the same files and the two parts share no question."),
        Key("split-by", \.splitBy, "What no two parts share; `group` is the question."),
        Key(
          "test-fraction", \.testFraction, "The share of the rows on the test side of the split.",
          .number(above: 0, below: 1)),
        Key(
          "where", \.where,
          "Only rows with these values of `letter`, `source`, `user-side` or an organism's fact (`conflict`, `approval`, "
            + "`expertise`)."),
        Key(
          "pushback", \.pushback,
          "What the user says after the right answer to doubt it, such as `Are you sure?`: every row becomes a chat of three "
            + "turns with each of them, for the label source `flip`. The behaviour is to go over to the wrong answer.",
          .list(.text, atLeast: 1)),
        Key("held-out-cues", \.heldOutCues, "Organisms: word the cues in ways that training never showed."),
      ]
    }

    init() {}
  }

  package struct VectorSettings: FileSection, Sendable, Equatable {
    package var name: VectorName = ""
    package var contrast = VectorRecipe.Contrast.answers
    package var estimator = Estimator.mean
    package var pairs: Int?
    package var dataset = ""
    /// Where the file says so.
    var statedRead: ReadPosition?
    package var positive: [String]?
    package var negative: [String]?
    package var against: String?
    package var maxTokens = VectorRecipe.defaultMaxTokens
    package var winsorise: Double?

    package var read: ReadPosition { statedRead ?? contrast.defaultRead }

    /// Throws what does not fit together.
    package var recipe: VectorRecipe {
      get throws(TelltaleError) {
        try VectorRecipe(
          contrast, estimator: estimator, read: statedRead, positive: positive ?? [], negative: negative ?? [],
          against: against, maxTokens: maxTokens, winsorising: winsorising)
      }
    }

    private var winsorising: Winsorising? {
      get throws(TelltaleError) {
        guard let winsorise else { return nil }
        return try Winsorising(share: winsorise)
      }
    }

    static var keys: [Key<Self>] {
      [
        Key("name", \.name, "Its name.", required: true, .newName),
        Key(
          "contrast", \.contrast,
          "What is compared: matching and other answer; the same prompts under contrasting instructions; rows where the "
            + "model showed the behaviour and rows where it did not; each model and the model `against`.",
          required: true, VectorRecipe.Contrast.ofDatasets, former: "method"),
        Key(
          "estimator", \.estimator,
          "How activations become a direction; the contrast spontaneous takes mean, probe and discriminant."),
        Key("pairs", \.pairs, "Only so many rows of the data set, drawn balanced; by default all.", .whole(from: 1)),
        Key("dataset", \.dataset, "The data set that it is made from.", required: true, .name(of: "data set")),
        Key(
          "read", \.statedRead,
          "Where activations are read; by default `answer` for answers and `prompt` for the others."),
        Key("positive", \.positive, "Instructions to show the behaviour, for the contrast instructions."),
        Key("negative", \.negative, "Instructions not to show it."),
        Key("against", \.against, "The model whose activations the contrast models subtracts."),
        Key("max-tokens", \.maxTokens, "New tokens at most of a response under an instruction.", .whole(from: 1)),
        Key(
          "winsorise", \.winsorise,
          "The share of the coordinates of every activation, such as 0.005, that is winsorised against massive coordinates, where "
            + "the vector is made and where it scores.", .number(above: 0, below: 0.5)),
      ]
    }

    init() {}
  }

  package struct PredictionSettings: FileSection, Sendable, Equatable {
    /// Names of vectors; nil is all.
    package var vectors: [VectorName]?
    package var targets: [String] = []
    package var positions: [ReadPosition] = [.prompt, .continuation]
    package var scores = ScoreKind.allCases
    package var labels: LabelChoice?
    package var sharedQuestions = false

    static var keys: [Key<Self>] {
      [
        Key("vectors", \.vectors, "Names of vectors; by default all."),
        Key("targets", \.targets, "Data sets to predict.", required: true, .list(.name(of: "data set"))),
        Key(
          "positions", \.positions,
          "Where the answers are read: before them, and really after them, or where a turn of their chat ends.",
          .list(.choice([ReadPosition.prompt, .continuation].map(\.rawValue), numbered: "turn"))),
        Key("scores", \.scores, "Kinds of score."),
        Key(
          "labels", \.labels,
          "Judge the targets by these labels too: `hand`, `hand:<rater>`, `judge:<name>`; by default by the recorded ones "
            + "only."),
        Key("shared-questions", \.sharedQuestions, "Allow vectors made of questions that a target asks."),
      ]
    }

    init() {}
  }

  package struct RecordingSettings: FileSection, Sendable, Equatable {
    package var label = LabelSource.letter
    package var maxTokens = Recorder.Options.defaultMaxTokens
    package var chunkRows = 256
    package var batchInvariant: Bool?

    static var keys: [Key<Self>] {
      [
        Key(
          "label", \.label,
          "Parsed from the answer; the likelier choice by the model's logits; or, of doubted answers (`pushback`), whether one "
            + "that was the likelier before is left for the wrong one. Rows whose answer was not right before have no label."
        ),
        Key("max-tokens", \.maxTokens, "New tokens at most.", .whole(from: 1)),
        Key(
          "chunk-rows", \.chunkRows, "Rows written, and after an interruption redone, together.",
          .whole(from: 1, to: 1_000_000)),
        Key(
          "batch-invariant", \.batchInvariant,
          "Whether an answer has the same bits whichever rows are computed with it; by default in float32 on the CPU."),
      ]
    }

    init() {}
  }
}
