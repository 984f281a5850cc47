import Foundation
import Foundations

/// Reading an experiment file: every error is one sentence with file, line and remedy.
package enum ExperimentFile {
  /// No experiment file is longer than this.
  private static let largest = 1 << 20

  package static func load(_ url: URL) throws(TelltaleError) -> Experiment {
    let place = InputLocation(file: url.path)
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: place)
    }
    guard data.count <= largest, let text = String(data: data, encoding: .utf8) else {
      throw TelltaleError(.badInput, "is no experiment file (YAML in UTF-8, at most 1 MB)", at: place)
    }
    return try parse(text, file: url.path)
  }

  /// The experiment with what was given instead of what the file says, and its text.
  ///
  /// The file itself must be sound, too: its mistakes are told with its own lines.
  static func load(_ url: URL, _ overrides: ExperimentOverrides) throws -> (Experiment, text: String) {
    let own = try load(url)
    let text = try overrides.apply(to: String(contentsOf: url, encoding: .utf8), file: url.path)
    let experiment =
      overrides.isEmpty ? own : try parse(text, file: "\(url.path) with what was given on the command line")
    try overrides.check(experiment)
    return (experiment, text)
  }

  static func parse(_ text: String, file: String) throws(TelltaleError) -> Experiment {
    let root = try FileNode(parsing: text, file: file)
    do {
      var known = ["data set": root.at(["datasets"]).members?.map(\.key).sorted() ?? []]
      try Experiment.shape.check(root, known)
      guard var experiment = try Experiment(root) else { throw root.refuse("is no experiment") }
      if experiment.grids.isEmpty, root.members?.contains(where: { $0.key == "vectors" }) == false {
        throw root.refuse("the key \"vectors\" is missing")
      }
      experiment.vectors += experiment.grids.flatMap(\.vectors)
      if let (path, sentence) = experiment.problem { throw root.at(path).refuse(sentence) }
      known["vector"] = experiment.vectors.map(\.name.text)
      try Experiment.shape.check(root, known)
      return experiment
    } catch let error as TelltaleError { throw error } catch {
      throw TelltaleError(.failed, "cannot be understood: \(error)", at: InputLocation(file: file), cause: error)
    }
  }
}

extension Experiment {
  /// What the shapes of the keys cannot say, values that must fit together: where and what is wrong.
  var problem: (path: [String], sentence: String)? {
    var models: Set<ModelName> = []
    if let twice = modelNames.first(where: { !models.insert($0).inserted }) {
      return (["models"], "names the model \(twice) twice; name each once")
    }
    for (name, dataset) in datasets {
      if (dataset.files == nil) == (dataset.organism == nil) {
        return (["datasets", name], "needs either files or organism")
      }
      if dataset.organism != nil, dataset.rows != nil {
        return (["datasets", name, "rows"], "goes with files; an organism's rows are generated")
      }
    }
    for (index, grid) in grids.enumerated() {
      if let problem = grid.problem { return (["grids", "\(index)"], problem) }
    }
    for (index, vector) in vectors.enumerated() {
      if let problem = vector.problem { return (["vectors", "\(index)"], problem) }
    }
    var names: Set<VectorName> = []
    if let twice = vectors.first(where: { !names.insert($0.name).inserted }) {
      // Names made by a grid stand nowhere in the file.
      return ([grids.isEmpty ? "vectors" : "grids"], "two vectors have one name, \"\(twice.name)\"; name each once")
    }
    if let problem = steering?.problem { return (["steering"], problem) }
    if let problem = study?.problem(predictions) { return (["study"], problem) }
    return comparisons?.problem(vectors: vectors.count, models: models.count).map {
      (["comparisons", $0.key], $0.sentence)
    }
  }
}

extension Experiment.VectorSettings {
  /// What does not fit together, in words; nil where all does.
  var problem: String? {
    do throws(TelltaleError) { _ = try recipe } catch { return error.message }
    return nil
  }
}
