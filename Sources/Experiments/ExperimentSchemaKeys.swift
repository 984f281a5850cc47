import LanguageModels
import Organisms
import Steering
import Tokenizers
import Torch

// What each key of an experiment file may hold, section by section, in the order of docs/experiments.md.

/// The names of all cases.
private func names<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> [String] {
  type.allCases.map(\.rawValue)
}

/// Names that become names of files.
private let fileName = "^[A-Za-z0-9_-]{1,80}$"
private let computable = [DType.float32, .bfloat16, .float16].map(\.rawValue)

extension Experiment.CodingKeys: SchemaKey {
  static var required: [Self] { [.name, .models, .datasets, .predictions] }

  var schema: SchemaNode {
    switch self {
    case .name: .text("Name of the experiment.")
    case .about: .text("The question, for the reader; printed first.")
    case .seed: .whole(from: 0, "Seed of everything random that has none of its own.", byDefault: 0)
    case .models:
      .list(
        .text("A directory, a Hugging Face id in the local cache, organism-shared or organism-split."), atLeast: 1,
        "The models.")
    case .dtype: .choice(computable, "Computation dtype; by default the checkpoint's.")
    case .weights:
      .choice(names(WeightFormat.self), "dense, the default, or int8: projections and head rounded while loading.")
    case .prompt: Experiment.PromptSettings.CodingKeys.object("How questions are put.")
    case .datasets: .map(Experiment.DatasetSettings.CodingKeys.object(nil), names: fileName, "Data sets by name.")
    case .vectors: .list(Experiment.VectorSettings.CodingKeys.object(nil), "Steering vectors.")
    case .grids: .list(Experiment.GridSettings.CodingKeys.object(nil), "Vectors of every combination of some lists.")
    case .predictions: .list(Experiment.PredictionSettings.CodingKeys.object(nil), "What the vectors should predict.")
    case .recording: Experiment.RecordingSettings.CodingKeys.object("How answers are recorded.")
    case .steering: Experiment.SteeringSettings.CodingKeys.object("What the vectors steer.")
    case .comparisons: Experiment.ComparisonSettings.CodingKeys.object("Which vectors are compared with which.")
    case .study: Experiment.StudySettings.CodingKeys.object("One row for every vector.")
    }
  }
}

extension Experiment.PromptSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [] }

  var schema: SchemaNode {
    switch self {
    case .style: .choice(names(PromptStyle.self), "Text as stored, as a user message, or after solved examples.")
    case .template: .choice(names(ChatTemplate.Format.self), "Chat template in the place of the model's own.")
    case .examples: .whole(from: 1, "Solved examples of the few-shot style.", byDefault: 4)
    case .examplesFrom: .text("The data set that the solved examples come from.")
    }
  }
}

extension Experiment.DatasetSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [] }

  var schema: SchemaNode {
    switch self {
    case .files: .list(.text("A data file."), atLeast: 1, "Data files, relative to the experiment file.")
    case .format: .choice(names(DatasetFormat.self), "By default told from the content.")
    case .organism: .choice(names(OrganismWorld.Kind.self), "Instead of files, the organisms' world.")
    case .rows: .matching("^[0-9]+-[0-9]+$", "Only these rows of the files, such as 0-499, counted from 0.")
    case .take: .whole(from: 1, "How many rows, drawn after everything else; of an organism, how many are generated.")
    case .balance:
      .list(.choice(names(BalanceAxis.self), "An axis."), "What the draw is balanced over; by default all.")
    case .seed: .whole(from: 0, "Seed of the draw or of the organism's world.")
    case .part: .choice(["train", "test"], "One side of a split.")
    case .splitBy: .choice(names(BalanceAxis.self), "What the split is by; by default group, the question.")
    case .testFraction: .number(above: 0, below: 1, "The share of the rows on the test side; by default 0.5.")
    case .where: .map(.text("A value."), "Only rows with these values of letter, source, user-side or a fact.")
    case .heldOutCues: .flag("Organisms: word the cues in ways that training never showed.")
    }
  }
}

extension Experiment.VectorSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [.name, .method, .dataset] }

  var schema: SchemaNode {
    switch self {
    case .name: .matching(fileName, "Its name.")
    case .method: .choice(names(Experiment.VectorSettings.Method.self), "What is contrasted.")
    case .estimator: .choice(names(Estimator.self), "How activations become a direction; by default mean.")
    case .pairs: .whole(from: 1, "Only so many rows of the data set, drawn balanced.")
    case .dataset: .text("The data set that it is made from.")
    case .read: .choice(names(ReadPosition.self), "Where activations are read.")
    case .positive: .list(.text("An instruction."), "Instructions to show the behaviour.")
    case .negative: .list(.text("An instruction."), "Instructions not to show it.")
    case .against: .text("The model whose activations the method model-difference subtracts.")
    case .maxTokens: .whole(from: 1, "New tokens at most of a response under an instruction.", byDefault: 64)
    }
  }
}

extension Experiment.GridSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [.methods, .datasets, .reads] }

  var schema: SchemaNode {
    switch self {
    case .methods:
      .list(.choice(names(Experiment.VectorSettings.Method.self), "A method."), atLeast: 1, "What is contrasted.")
    case .estimators: .list(.choice(names(Estimator.self), "An estimator."), atLeast: 1, "By default mean.")
    case .datasets: .list(.text("A data set."), atLeast: 1, "The data sets that vectors are made from.")
    case .pairs: .list(.whole(from: 1, "Rows."), "How many rows are drawn; by default all.")
    case .reads: .list(.choice(names(ReadPosition.self), "A position."), atLeast: 1, "Where activations are read.")
    case .positive: .list(.text("An instruction."), "Instructions to show the behaviour.")
    case .negative: .list(.text("An instruction."), "Instructions not to show it.")
    case .maxTokens: .whole(from: 1, "New tokens at most of a response under an instruction.", byDefault: 64)
    }
  }
}

extension Experiment.SteeringSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [.targets] }

  var schema: SchemaNode {
    switch self {
    case .vectors: .list(.text("A vector."), "Names of vectors; by default all.")
    case .targets: .list(.text("A data set."), atLeast: 1, "Data sets whose answers are scored.")
    case .layers: .list(.whole(from: 0, "A layer."), atLeast: 1, "Layers, counted from 0; by default all.")
    case .scales: .list(.anyNumber("A scale."), atLeast: 1, "Scales, one of them above 0; by default -0.5 and 0.5.")
    case .unit: .choice(names(ScaleUnit.self), "What scales count; by default residual.")
    case .positions: .choice(names(EditPositions.self), "Which tokens are edited; by default from-prompt-end.")
    case .take: .whole(from: 1, "Rows of every target, drawn balanced.")
    }
  }
}

extension Experiment.StudySettings.CodingKeys: SchemaKey {
  static var required: [Self] { [.chooseLayer, .inside] }

  var schema: SchemaNode {
    switch self {
    case .chooseLayer: .text("The data set on whose recording each vector's layer is chosen.")
    case .inside: .text("The data set in distribution.")
    case .outside: .text("The data set out of distribution.")
    case .position: .choice(names(ReadPosition.self), "Where the residual stream is read; by default prompt.")
    }
  }
}

extension Experiment.ComparisonSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [] }

  var schema: SchemaNode {
    switch self {
    case .vectors: .list(.text("A vector."), "Vectors, every two of which are compared; by default all.")
    case .pairs: .list(.list(.text("A vector."), atLeast: 2, "Two vectors."), atLeast: 1, "Instead: pairs of vectors.")
    case .files: .list(.text("A vector file."), "Vector files that every vector is compared with, too.")
    case .layers: .list(.whole(from: 0, "A layer."), atLeast: 1, "Layers, counted from 0; by default all.")
    case .acrossModels: .flag("Compare each vector with its namesakes of the other models, too.")
    }
  }
}

extension Experiment.PredictionSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [.targets] }

  var schema: SchemaNode {
    switch self {
    case .vectors: .list(.text("A vector."), "Names of vectors; by default all.")
    case .targets: .list(.text("A data set."), "Data sets to predict.")
    case .positions: .list(.choice(["prompt", "continuation"], "A position."), "Where the answers are read.")
    case .scores: .list(.choice(names(ScoreKind.self), "A score."), "Kinds of score; by default all.")
    case .labels:
      .matching(
        "^(recorded|hand|(hand|judge):.*\\S.*)$", "Judge by these labels too: hand, hand:<rater>, judge:<name>.")
    case .sharedQuestions: .flag("Allow vectors made of questions that a target asks.")
    }
  }
}

extension Experiment.RecordingSettings.CodingKeys: SchemaKey {
  static var required: [Self] { [] }

  var schema: SchemaNode {
    switch self {
    case .label: .choice(["letter", "forced-choice"], "Parsed from the answer, or the likelier choice by the logits.")
    case .maxTokens: .whole(from: 1, "New tokens at most.", byDefault: 16)
    case .chunkRows: .whole(from: 1, "Rows written, and after an interruption redone, together.", byDefault: 256)
    case .batchInvariant:
      .flag("Whether an answer does not depend on what is computed with it; by default in float32 on the CPU.")
    }
  }
}
