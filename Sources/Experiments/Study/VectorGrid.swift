import Steering

extension Experiment {
  /// Many vectors at once: every combination of the ways, sizes and places named.
  public struct GridSettings: Codable, Sendable, Equatable {
    public var contrasts: [VectorRecipe.Contrast]
    public var estimators: [Estimator]
    public var datasets: [String]
    /// How many rows of the data set are drawn; empty is all of them.
    public var pairs: [Int]
    public var reads: [ReadPosition]
    /// For the contrast `instructions`.
    public var positive: [String]?
    public var negative: [String]?
    public var maxTokens: Int

    /// What a grid may make: enough for any study, and little enough to be listed.
    static let most = 1_000

    /// How many combinations there are, possible or not; nil for more than fit.
    var count: Int? {
      var product = 1
      for size in [contrasts.count, estimators.count, datasets.count, max(1, pairs.count), reads.count] {
        let (next, overflow) = product.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        product = next
      }
      return product
    }

    /// Every combination, contrast first and read position last, called `<contrast>-<estimator>-<data set>-<pairs>-<read>`.
    private var combinations: [VectorSettings] {
      guard let count, count <= Self.most else { return [] }
      let sizes: [Int?] = pairs.isEmpty ? [nil] : pairs
      return contrasts.flatMap { contrast in
        estimators.flatMap { estimator in
          datasets.flatMap { dataset in
            sizes.flatMap { size in reads.map { vector(contrast, estimator, dataset, size, $0) } }
          }
        }
      }
    }

    private func vector(
      _ contrast: VectorRecipe.Contrast, _ estimator: Estimator, _ dataset: String, _ size: Int?, _ read: ReadPosition
    ) -> VectorSettings {
      let parts = [
        contrast.rawValue, estimator.rawValue, dataset, size.map(String.init) ?? "all", read.rawValue,
      ]
      let instructed = contrast == .instructions
      return VectorSettings(
        name: parts.joined(separator: "-"), contrast: contrast, estimator: estimator, pairs: size, dataset: dataset,
        read: read, positive: instructed ? positive : nil, negative: instructed ? negative : nil, against: nil,
        maxTokens: maxTokens)
    }

    /// The combinations that can exist.
    var vectors: [VectorSettings] { combinations.filter { $0.problem == nil } }

    /// Why the others cannot, a sentence for each reason: combinations that fail for one reason are counted together.
    var impossible: [String] {
      let reasons = combinations.compactMap(\.problem)
      let counts = reasons.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
      return counts.sorted { $0.key < $1.key }
        .map { "\($0.value) of \(combinations.count) combinations are left out: \($0.key)" }
    }

    /// What is wrong with the grid as a whole, in words; nil where nothing is.
    var problem: String? {
      if contrasts.contains(.models) { return "the contrast models needs against; write it under vectors" }
      if contrasts.contains(.instructions), positive?.isEmpty ?? true || negative?.isEmpty ?? true {
        return "the contrast instructions needs positive and negative instructions"
      }
      guard let count, count <= Self.most else { return "makes over \(Self.most) vectors; name fewer of each" }
      guard !vectors.isEmpty else { return "makes no vector: \(impossible.first ?? "a list is empty")" }
      return nil
    }
  }
}

extension Experiment.GridSettings {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case contrasts, estimators, datasets, pairs, reads, positive, negative
    case maxTokens = "max-tokens"
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self, former: "methods")
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    contrasts = try decoder.contrasts(keys, .contrasts, former: "methods")
    estimators = try keys.decodeIfPresent([Estimator].self, forKey: .estimators) ?? [.mean]
    datasets = try keys.decode([String].self, forKey: .datasets)
    pairs = try keys.decodeIfPresent([Int].self, forKey: .pairs) ?? []
    reads = try keys.decode([ReadPosition].self, forKey: .reads)
    positive = try keys.decodeIfPresent([String].self, forKey: .positive)
    negative = try keys.decodeIfPresent([String].self, forKey: .negative)
    maxTokens = try keys.decodeIfPresent(Int.self, forKey: .maxTokens) ?? VectorRecipe.defaultMaxTokens
  }
}
