import Foundation
import Foundations

/// Reading an experiment file: one sentence with file, line and remedy for whatever is wrong with it.
public enum ExperimentFile {
  /// No experiment file is longer than this.
  private static let largest = 1 << 20

  public static func load(_ url: URL) throws(TelltaleError) -> Experiment {
    let place = InputLocation(file: url.path)
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: place)
    }
    guard data.count <= largest, let text = String(data: data, encoding: .utf8) else {
      throw TelltaleError(.badInput, "is no experiment file (YAML in UTF-8, at most 1 MB)", at: place)
    }
    return try parse(text, file: url.path)
  }

  /// The experiment with what was given in the place of what the file says, and its text.
  ///
  /// The file itself must be sound, too: its mistakes are told with its own lines.
  static func load(_ url: URL, _ overrides: ExperimentOverrides) throws -> (Experiment, text: String) {
    let own = try load(url)
    let text = try overrides.apply(to: String(contentsOf: url, encoding: .utf8), file: url.path)
    let experiment = overrides.isEmpty ? own : try parse(text, file: "\(url.path) with what was given beside it")
    try overrides.check(experiment)
    return (experiment, text)
  }

  static func parse(_ text: String, file: String) throws(TelltaleError) -> Experiment {
    let root = try FileNode(parsing: text, file: file)
    do {
      try Experiment.shape.check(root)
      guard var experiment = try Experiment(root) else { throw root.refuse("is no experiment") }
      if experiment.grids.isEmpty, root.members?.contains(where: { $0.key == "vectors" }) == false {
        throw root.refuse("the key \"vectors\" is missing")
      }
      experiment.vectors += experiment.grids.flatMap(\.vectors)
      try check(experiment, refuse: { root.at($1).refuse($0) })
      return experiment
    } catch let error as TelltaleError { throw error } catch {
      throw TelltaleError(.failed, "cannot be understood: \(error)", at: InputLocation(file: file), cause: error)
    }
  }

  /// What the types cannot say: names that refer to something, and values that must fit together.
  private static func check(_ experiment: Experiment, refuse: (String, [String]) -> TelltaleError) throws {
    func known(_ dataset: String, _ path: [String]) throws {
      guard experiment.datasets[dataset] == nil else { return }
      let names = experiment.datasets.keys.sorted().joined(separator: ", ")
      throw refuse("there is no data set \"\(dataset)\"; there are \(names)", path)
    }
    var models: Set<ModelName> = []
    if let twice = experiment.modelNames.first(where: { !models.insert($0).inserted }) {
      throw refuse("names the model \(twice) twice; name each once", ["models"])
    }
    for (name, dataset) in experiment.datasets {
      guard (dataset.files == nil) != (dataset.organism == nil) else {
        throw refuse("needs either files or organism", ["datasets", name])
      }
      if let (key, problem) = dataset.problem { throw refuse(problem, ["datasets", name, key]) }
    }
    if let (problem, path) = StudyCheck(experiment: experiment).problem { throw refuse(problem, path) }
    for (index, vector) in experiment.vectors.enumerated() {
      try known(vector.dataset, ["vectors", "\(index)"])
      if vector.method == .instructions, vector.positive?.isEmpty ?? true || vector.negative?.isEmpty ?? true {
        throw refuse("the method instructions needs positive and negative instructions", ["vectors", "\(index)"])
      }
      if let problem = vector.problem { throw refuse(problem, ["vectors", "\(index)"]) }
    }
    let problem = experiment.comparisons?.problem(
      vectors: experiment.vectors.map(\.name), models: experiment.models.count)
    if let (sentence, key) = problem { throw refuse(sentence, ["comparisons", key]) }
    let names = Set(experiment.vectors.map(\.name))
    guard names.count == experiment.vectors.count else { throw refuse("two vectors have one name", ["vectors"]) }
    for (index, prediction) in experiment.predictions.enumerated() {
      for target in prediction.targets { try known(target, ["predictions", "\(index)"]) }
      if let unknown = prediction.vectors?.first(where: { !names.contains($0) }) {
        throw refuse("there is no vector \"\(unknown)\"", ["predictions", "\(index)"])
      }
    }
  }
}

extension Experiment.DatasetSettings {
  /// The key whose value cannot be, and why; nil where all can.
  var problem: (key: String, sentence: String)? {
    if organism != nil, rows != nil { return ("rows", "goes with files; an organism's rows are generated") }
    return nil
  }
}

extension Experiment.VectorSettings {
  /// What does not fit together, in words; nil where all does.
  var problem: String? {
    if method == .modelDifference, against?.isEmpty ?? true {
      return "the method model-difference needs against, the model whose activations are subtracted"
    }
    if method != .modelDifference, against != nil {
      return "against goes with the method model-difference"
    }
    if method == .classMean, estimator.needsPairs {
      return "the estimator \(estimator.rawValue) is made from pairs, and recorded rows are none; "
        + "use mean, probe or discriminant"
    }
    if method == .instructions, [.answer, .answerMean].contains(read) {
      return "instructions have no given answers; read at prompt, continuation or continuation-mean"
    }
    if method == .contrastPairs, read == .prompt {
      return
        "contrast pairs have one prompt, so that nothing differs there; read at answer, answer-mean or continuation"
    }
    if method == .classMean, ![.prompt, .continuation].contains(read) {
      return "recordings are read at prompt and continuation only"
    }
    return nil
  }
}
