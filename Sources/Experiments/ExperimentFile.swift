import Foundation
import Foundations
import Torch
import Yams

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
    func refuse(_ message: String, line: Int?, _ item: String? = nil) -> TelltaleError {
      TelltaleError(.badInput, message, at: InputLocation(file: file, line: line, item: item))
    }
    do {
      let experiment = try YAMLDecoder().decode(Experiment.self, from: text)
      try check(experiment, refuse: { refuse($0, line: line(of: $1, in: text), $1.joined(separator: ".")) })
      return experiment
    } catch let error as TelltaleError { throw error } catch let error as DecodingError {
      let (path, sentence) = describe(error)
      throw refuse(sentence, line: line(of: path, in: text), path.isEmpty ? nil : path.joined(separator: "."))
    } catch let error as YamlError {
      throw refuse("is not valid YAML: \(firstLine("\(error)"))", line: nil)
    } catch {
      throw refuse("cannot be understood: \(firstLine("\(error)"))", line: nil)
    }
  }

  private static func firstLine(_ text: String) -> String { text.split(separator: "\n").first.map(String.init) ?? text }

  private static func describe(_ error: DecodingError) -> (path: [String], sentence: String) {
    switch error {
    case .keyNotFound(let key, let context):
      return (context.codingPath.map(\.stringValue), "the key \"\(key.stringValue)\" is missing")
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      if let unknown = context.underlyingError as? UnknownKey {
        return (unknown.path + [unknown.key], unknown.sentence)
      }
      return (
        context.codingPath.map(\.stringValue), "has a value that does not fit: \(firstLine(context.debugDescription))"
      )
    @unknown default: return ([], "cannot be understood")
    }
  }

  /// The line on which the deepest part of a key path stands.
  private static func line(of path: [String], in text: String) -> Int? {
    guard var node = try? Yams.compose(yaml: text) else { return nil }
    var line = node.mark?.line
    for part in path {
      if case .mapping(let mapping) = node, let pair = mapping.first(where: { $0.key.string == part }) {
        line = pair.key.mark?.line
        node = pair.value
      } else if case .sequence(let sequence) = node,
        let index = Int(part.filter(\.isNumber)), sequence.indices.contains(index)
      {
        node = sequence[index]
        line = node.mark?.line
      }
    }
    return line
  }

  /// What the types cannot say: names that refer to something, and values that must fit together.
  private static func check(_ experiment: Experiment, refuse: (String, [String]) -> TelltaleError) throws {
    func known(_ dataset: String, _ path: [String]) throws {
      guard experiment.datasets[dataset] == nil else { return }
      let names = experiment.datasets.keys.sorted().joined(separator: ", ")
      throw refuse("there is no data set \"\(dataset)\"; there are \(names)", path)
    }
    guard !experiment.models.isEmpty else { throw refuse("names no model", ["models"]) }
    guard (1...1_000_000).contains(experiment.recording.chunkRows) else {
      throw refuse("must be from 1 to 1000000 rows", ["recording", "chunk-rows"])
    }
    guard experiment.recording.maxTokens >= 1 else {
      throw refuse("must be at least 1", ["recording", "max-tokens"])
    }
    guard [.letter, .forcedChoice].contains(experiment.recording.label) else {
      throw refuse(
        "a recording's label is letter or forced-choice; labels of people are given with telltale label",
        ["recording", "label"])
    }
    for (name, dataset) in experiment.datasets {
      guard (dataset.files == nil) != (dataset.organism == nil) else {
        throw refuse("needs either files or organism", ["datasets", name])
      }
      if let (key, problem) = dataset.problem { throw refuse(problem, ["datasets", name, key]) }
      guard isFileName(name) else {
        throw refuse("is no name for files; use letters, digits and -", ["datasets", name])
      }
    }
    if let (problem, path) = StudyCheck(experiment: experiment).problem { throw refuse(problem, path) }
    for (index, vector) in experiment.vectors.enumerated() {
      try known(vector.dataset, ["vectors", "\(index)"])
      guard isFileName(vector.name) else {
        throw refuse("\"\(vector.name)\" is no name for files; use letters, digits and -", ["vectors", "\(index)"])
      }
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
      if let other = prediction.positions.first(where: { ![.prompt, .continuation].contains($0) }) {
        throw refuse(
          "answers are recorded at prompt and continuation, not at \(other.rawValue)", ["predictions", "\(index)"])
      }
      for target in prediction.targets { try known(target, ["predictions", "\(index)"]) }
      if let unknown = prediction.vectors?.first(where: { !names.contains($0) }) {
        throw refuse("there is no vector \"\(unknown)\"", ["predictions", "\(index)"])
      }
    }
  }

  private static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name.count <= 80
      && name.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "_"
      }
  }
}

extension Experiment.DatasetSettings {
  /// The key whose value cannot be, and why; nil where all can.
  var problem: (key: String, sentence: String)? {
    if organism != nil, rows != nil { return ("rows", "goes with files; an organism's rows are generated") }
    if let take, take < 1 { return ("take", "must be at least 1") }
    if testFraction <= 0 || testFraction >= 1 { return ("test-fraction", "must be between 0 and 1") }
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
    if let pairs, pairs < 1 { return "pairs must be at least 1" }
    if maxTokens < 1 { return "max-tokens must be at least 1" }
    return nil
  }
}
