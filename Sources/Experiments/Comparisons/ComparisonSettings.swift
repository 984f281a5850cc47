import Steering

extension Experiment {
  package struct ComparisonSettings: FileSection, Sendable, Equatable {
    package var vectors: [VectorName]?
    package var pairs: [[VectorName]]?
    package var files: [String] = []
    package var acrossModels = false
    /// Nil is every layer at which both vectors have a direction.
    package var layers: [Int]?

    static var keys: [Key<Self>] {
      [
        Key("vectors", \.vectors, "Vectors, every two of which are compared; by default all."),
        Key(
          "pairs", \.pairs, "Instead of `vectors`, pairs of names such as `[[caa, told], [caa, spontaneous]]`.",
          .list(.list(.name(of: "vector"), atLeast: 2), atLeast: 1)),
        Key(
          "files", \.files,
          "Vector files, relative to the experiment file, with which every vector that is compared is compared, too."),
        Key(
          "across-models", \.acrossModels,
          "Compare each vector also with its namesake of the other models, where the widths are equal."),
        Key(
          "layers", \.layers, "Layers, counted from 0; by default every one at which both have a direction.",
          .list(.whole(from: 0), atLeast: 1)),
      ]
    }

    init() {}
  }
}

extension Experiment.ComparisonSettings {
  /// The key whose value cannot be, and why; nil where all can.
  func problem(vectors known: Int, models: Int) -> (sentence: String, key: String)? {
    if vectors != nil, pairs != nil { return ("give vectors, every two of which are compared, or pairs", "pairs") }
    if let wrong = pairs?.first(where: { $0.count != 2 || $0[0] == $0[1] }) {
      return ("\(wrong) is no pair; name two different vectors", "pairs")
    }
    if let vectors, Set(vectors).count < vectors.count { return ("a vector is named twice", "vectors") }
    if let pairs, Set(pairs.map(Set.init)).count < pairs.count { return ("a pair is named twice", "pairs") }
    if Set(files).count < files.count { return ("a file is named twice", "files") }
    if pairs == nil, vectors?.count ?? known < 2, files.isEmpty, !acrossModels || models < 2 {
      return ("compares nothing: there is one vector; name files, or across-models with several models", "vectors")
    }
    return nil
  }
}

/// A vector that another is compared with: a model's, or a file's.
enum ComparedWith: Hashable {
  case vector(model: ModelName, name: VectorName)
  case file(String)
}

extension Experiment {
  /// What the vector of a model is compared with. Of two vectors the one that the file names first has
  /// the other among these.
  func partners(of vector: VectorName, _ model: ModelName) -> [ComparedWith] {
    guard let comparisons else { return [] }
    let compared = comparisons.pairs?.flatMap { $0 } ?? comparisons.vectors ?? vectors.map(\.name)
    guard compared.contains(vector) else { return [] }
    var partners: [ComparedWith] = []
    if let pairs = comparisons.pairs {
      partners = pairs.filter { $0[0] == vector }.map { .vector(model: model, name: $0[1]) }
    } else if let place = compared.firstIndex(of: vector) {
      partners = compared[(place + 1)...].map { .vector(model: model, name: $0) }
    }
    if comparisons.acrossModels, let place = modelNames.firstIndex(of: model) {
      partners += modelNames[(place + 1)...].map { .vector(model: $0, name: vector) }
    }
    return partners + comparisons.files.map { .file($0) }
  }

  /// Every vector that is compared with something, with its model, in the order of the experiment.
  var comparedVectors: [(model: ModelName, vector: VectorName)] {
    modelNames.flatMap { model in vectors.map { (model, $0.name) } }
      .filter { !partners(of: $0.1, $0.0).isEmpty }
  }
}
