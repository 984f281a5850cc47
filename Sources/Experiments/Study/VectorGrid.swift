import Steering

extension Experiment {
  package struct GridSettings: FileSection, Sendable, Equatable {
    package var contrasts: [VectorRecipe.Contrast] = []
    package var estimators = [Estimator.mean]
    package var datasets: [String] = []
    /// Empty is all rows.
    package var pairs: [Int] = []
    package var reads: [ReadPosition] = []
    package var positive: [String]?
    package var negative: [String]?
    package var maxTokens = VectorSettings().maxTokens

    static var keys: [Key<Self>] {
      [
        Key(
          "contrasts", \.contrasts, "What is compared.", required: true,
          .list(VectorRecipe.Contrast.shape, atLeast: 1), former: "methods"),
        Key("estimators", \.estimators, "How activations become directions.", .list(Estimator.shape, atLeast: 1)),
        Key(
          "datasets", \.datasets, "The data sets that vectors are made from.", required: true,
          .list(.name(of: "data set"), atLeast: 1)),
        Key("pairs", \.pairs, "How many rows are drawn; by default all.", .list(.whole(from: 1))),
        Key("reads", \.reads, "Where activations are read.", required: true, .list(ReadPosition.shape, atLeast: 1)),
        Key("positive", \.positive, "Instructions to show the behaviour, for the contrast instructions."),
        Key("negative", \.negative, "Instructions not to show it."),
        Key("max-tokens", \.maxTokens, "New tokens at most of a response under an instruction.", .whole(from: 1)),
      ]
    }

    init() {}

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
      var vector = VectorSettings()
      vector.name = VectorName(parts.joined(separator: "-"))
      (vector.contrast, vector.estimator, vector.pairs, vector.dataset) = (contrast, estimator, size, dataset)
      (vector.statedRead, vector.maxTokens) = (read, maxTokens)
      if contrast == .instructions { (vector.positive, vector.negative) = (positive, negative) }
      return vector
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
      guard let count, count <= Self.most else { return "makes over \(Self.most) vectors; name fewer of each" }
      guard !vectors.isEmpty else { return "makes no vector: \(impossible.first ?? "a list is empty")" }
      return nil
    }
  }
}
