import LanguageModels
import Steering

extension Experiment {
  package struct SteeringSettings: FileSection, Sendable, Equatable {
    /// Names of vectors; nil is all.
    package var vectors: [VectorName]?
    package var targets: [String] = []
    /// Nil is every layer at which the vector has a direction.
    package var layers: [Int]?
    package var scales = [-0.5, 0.5]
    package var unit = ScaleUnit.residual
    package var positions = EditPositions.fromPromptEnd
    /// Nil is all rows.
    package var take: Int?

    static var keys: [Key<Self>] {
      [
        Key("vectors", \.vectors, "Names of vectors; by default all."),
        Key(
          "targets", \.targets, "Data sets whose answers are scored; the first sets the norm that scales count.",
          required: true, .list(.name(of: "data set"), atLeast: 1)),
        Key(
          "layers", \.layers, "Layers, counted from 0; by default every one at which the vector has a direction.",
          .list(.whole(from: 0), atLeast: 1)),
        Key("scales", \.scales, "Scales, one of them above 0; 0 is always among them.", .list(.number(), atLeast: 1)),
        Key(
          "unit", \.unit,
          "What scales count: mean norms of the unsteered stream at the first target's prompts, so that all vectors push "
            + "equally far; the vector as it is; units of the stream."),
        Key("positions", \.positions, "Which tokens are edited."),
        Key("take", \.take, "Rows of every target, drawn balanced; by default all.", .whole(from: 1)),
      ]
    }

    init() {}

    /// What does not fit together, in words.
    var problem: String? {
      let fits = scales.contains { $0 > 0 } && scales.allSatisfy(\.isFinite)
      return fits ? nil : "scales must be numbers with one above 0 among them"
    }
  }

  package struct StudySettings: FileSection, Sendable, Equatable {
    package var chooseLayer = ""
    package var inside = ""
    package var outside: String?
    package var position = ReadPosition.prompt

    static var keys: [Key<Self>] {
      [
        Key(
          "choose-layer", \.chooseLayer,
          "The data set on whose recording each vector's layer is chosen, by AUROC of the cosine; it may not be judged.",
          required: true, .name(of: "data set")),
        Key(
          "in", \.inside,
          "The data set in distribution, a target of `predictions` and, where vectors steer, of `steering`.",
          required: true, .name(of: "data set")),
        Key("out", \.outside, "The data set out of distribution, such a target too.", .name(of: "data set")),
        Key("position", \.position, "Where the residual stream is read to predict."),
      ]
    }

    init() {}
  }
}

extension Experiment {
  /// The vectors that steer, in the order of the file.
  var steeringVectors: [VectorSettings] {
    guard let steering else { return [] }
    return vectors.filter { steering.vectors?.contains($0.name) ?? true }
  }

  /// What the grids leave out, and why.
  var impossibleVectors: [String] {
    grids.enumerated().flatMap { index, grid in grid.impossible.map { "grid \(index + 1): \($0)" } }
  }
}

extension Experiment.StudySettings {
  /// What does not fit together, in words.
  func problem(_ predictions: [Experiment.PredictionSettings]) -> String? {
    let judged = [inside] + [outside].compactMap { $0 }
    if judged.contains(chooseLayer) {
      return "choose-layer must be a data set that is not judged, neither in nor out"
    }
    let predicted = predictions.filter { $0.positions.contains(position) }.flatMap(\.targets)
    guard let missing = judged.first(where: { !predicted.contains($0) }) else { return nil }
    return "\(missing) is no target of predictions at the position \(position.rawValue)"
  }
}
