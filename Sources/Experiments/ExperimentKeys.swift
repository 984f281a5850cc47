import LanguageModels
import Organisms
import Steering
import Torch

// How the keys of an experiment file are read: names as written in YAML, defaults, and no key that nobody knows.

extension Experiment {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, about, seed, models, dtype, weights, prompt, datasets, vectors, grids, predictions, recording, steering,
      study,
      comparisons
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    name = try keys.decode(String.self, forKey: .name)
    about = try keys.decodeIfPresent(String.self, forKey: .about)
    seed = try keys.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0
    models = try keys.decode([String].self, forKey: .models)
    dtype = try keys.decodeIfPresent(DType.self, forKey: .dtype)
    weights = try keys.decodeIfPresent(WeightFormat.self, forKey: .weights) ?? .dense
    prompt = try keys.decodeIfPresent(PromptSettings.self, forKey: .prompt) ?? PromptSettings()
    datasets = try keys.decode([String: DatasetSettings].self, forKey: .datasets)
    grids = try keys.decodeIfPresent([GridSettings].self, forKey: .grids) ?? []
    let listed =
      try grids.isEmpty
      ? keys.decode([VectorSettings].self, forKey: .vectors)
      : keys.decodeIfPresent([VectorSettings].self, forKey: .vectors) ?? []
    vectors = listed + grids.flatMap(\.vectors)
    steering = try keys.decodeIfPresent(SteeringSettings.self, forKey: .steering)
    study = try keys.decodeIfPresent(StudySettings.self, forKey: .study)
    comparisons = try keys.decodeIfPresent(ComparisonSettings.self, forKey: .comparisons)
    predictions = try keys.decode([PredictionSettings].self, forKey: .predictions)
    recording = try keys.decodeIfPresent(RecordingSettings.self, forKey: .recording) ?? RecordingSettings()
  }
}

extension Experiment.PromptSettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case style, template, examples
    case examplesFrom = "examples-from"
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    style = try keys.decodeIfPresent(PromptStyle.self, forKey: .style) ?? .plain
    template = try keys.decodeIfPresent(String.self, forKey: .template)
    examples = try keys.decodeIfPresent(Int.self, forKey: .examples) ?? 4
    examplesFrom = try keys.decodeIfPresent(String.self, forKey: .examplesFrom)
  }
}

extension Experiment.DatasetSettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case files, format, organism, rows, take, balance, seed, part, `where`
    case splitBy = "split-by"
    case testFraction = "test-fraction"
    case heldOutCues = "held-out-cues"
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    files = try keys.decodeIfPresent([String].self, forKey: .files)
    format = try keys.decodeIfPresent(DatasetFormat.self, forKey: .format)
    organism = try keys.decodeIfPresent(OrganismWorld.Kind.self, forKey: .organism)
    take = try keys.decodeIfPresent(Int.self, forKey: .take)
    rows = try keys.decodeIfPresent(RowRange.self, forKey: .rows)
    balance = try keys.decodeIfPresent([BalanceAxis].self, forKey: .balance) ?? BalanceAxis.allCases
    splitBy = try keys.decodeIfPresent(BalanceAxis.self, forKey: .splitBy) ?? .group
    seed = try keys.decodeIfPresent(UInt64.self, forKey: .seed)
    part = try keys.decodeIfPresent(Part.self, forKey: .part)
    testFraction = try keys.decodeIfPresent(Double.self, forKey: .testFraction) ?? 0.5
    heldOutCues = try keys.decodeIfPresent(Bool.self, forKey: .heldOutCues) ?? false
    `where` = try keys.decodeIfPresent([String: String].self, forKey: .where)
  }
}

extension Experiment.VectorSettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, method, estimator, pairs, dataset, read, positive, negative, against
    case maxTokens = "max-tokens"
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    name = try keys.decode(String.self, forKey: .name)
    method = try keys.decode(Method.self, forKey: .method)
    estimator = try keys.decodeIfPresent(Estimator.self, forKey: .estimator) ?? .mean
    pairs = try keys.decodeIfPresent(Int.self, forKey: .pairs)
    dataset = try keys.decode(String.self, forKey: .dataset)
    read = try keys.decodeIfPresent(ReadPosition.self, forKey: .read) ?? (method == .contrastPairs ? .answer : .prompt)
    positive = try keys.decodeIfPresent([String].self, forKey: .positive)
    negative = try keys.decodeIfPresent([String].self, forKey: .negative)
    against = try keys.decodeIfPresent(String.self, forKey: .against)
    maxTokens = try keys.decodeIfPresent(Int.self, forKey: .maxTokens) ?? 64
  }
}

extension Experiment.PredictionSettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case vectors, targets, positions, scores, labels
    case sharedQuestions = "shared-questions"
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    vectors = try keys.decodeIfPresent([String].self, forKey: .vectors)
    targets = try keys.decode([String].self, forKey: .targets)
    positions = try keys.decodeIfPresent([ReadPosition].self, forKey: .positions) ?? [.prompt, .continuation]
    scores = try keys.decodeIfPresent([ScoreKind].self, forKey: .scores) ?? ScoreKind.allCases
    sharedQuestions = try keys.decodeIfPresent(Bool.self, forKey: .sharedQuestions) ?? false
    labels = try keys.decodeIfPresent(LabelChoice.self, forKey: .labels)
  }
}

extension Experiment.RecordingSettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case label
    case maxTokens = "max-tokens"
    case chunkRows = "chunk-rows"
    case batchInvariant = "batch-invariant"
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    label = try keys.decodeIfPresent(LabelSource.self, forKey: .label) ?? .letter
    maxTokens = try keys.decodeIfPresent(Int.self, forKey: .maxTokens) ?? 16
    chunkRows = try keys.decodeIfPresent(Int.self, forKey: .chunkRows) ?? 256
    batchInvariant = try keys.decodeIfPresent(Bool.self, forKey: .batchInvariant)
  }
}

/// A key that nobody knows, where it stands and what may have been meant.
struct UnknownKey: Error {
  var path: [String]
  var key: String
  var known: [String]

  var sentence: String {
    let hint = nearest.map { "did you mean \"\($0)\"?" } ?? "known are \(known.joined(separator: ", "))"
    return "the key \"\(key)\" is unknown; \(hint)"
  }

  /// The known key that differs in the fewest letters, where that is a plausible slip.
  var nearest: String? {
    let ranked = known.map { ($0, editDistance($0, key)) }.min { $0.1 < $1.1 }
    return ranked.flatMap { $0.1 <= max(2, key.count / 3) ? $0.0 : nil }
  }
}

extension Decoder {
  func refuseUnknownKeys<Key: CodingKey & CaseIterable & RawRepresentable>(_ type: Key.Type) throws
  where Key.RawValue == String {
    let known = Key.allCases.map(\.rawValue)
    for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      throw UnknownKey(path: codingPath.map(\.stringValue), key: key.stringValue, known: known)
    }
  }
}

private struct AnyKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// Letters to insert, delete or replace (Levenshtein 1966).
func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var row = Array(0...b.count)
  for i in a.indices {
    var previous = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = previous + (a[i] == b[j] ? 0 : 1)
      previous = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
