import Steering

extension Experiment {
  public struct GridSettings: FileSection, Sendable, Equatable {
    public var methods: [VectorSettings.Method] = []
    public var estimators = [Estimator.mean]
    public var datasets: [String] = []
    /// Empty is all rows.
    public var pairs: [Int] = []
    public var reads: [ReadPosition] = []
    public var positive: [String]?
    public var negative: [String]?
    public var maxTokens = VectorSettings().maxTokens

    static var keys: [Key<Self>] {
      [
        Key(
          "methods", \.methods, "What is contrasted.", required: true, .list(VectorSettings.Method.shape, atLeast: 1)),
        Key("estimators", \.estimators, "How activations become directions.", .list(Estimator.shape, atLeast: 1)),
        Key(
          "datasets", \.datasets, "The data sets that vectors are made from.", required: true,
          .list(.name(of: "data set"), atLeast: 1)),
        Key("pairs", \.pairs, "How many rows are drawn; by default all.", .list(.whole(from: 1))),
        Key("reads", \.reads, "Where activations are read.", required: true, .list(ReadPosition.shape, atLeast: 1)),
        Key("positive", \.positive, "Instructions to show the behaviour, for the method instructions."),
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
      for size in [methods.count, estimators.count, datasets.count, max(1, pairs.count), reads.count] {
        let (next, overflow) = product.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        product = next
      }
      return product
    }

    /// Every combination, method first and read position last, called `<method>-<estimator>-<data set>-<pairs>-<read>`.
    private var combinations: [VectorSettings] {
      guard let count, count <= Self.most else { return [] }
      let sizes: [Int?] = pairs.isEmpty ? [nil] : pairs
      return methods.flatMap { method in
        estimators.flatMap { estimator in
          datasets.flatMap { dataset in
            sizes.flatMap { size in reads.map { vector(method, estimator, dataset, size, $0) } }
          }
        }
      }
    }

    private func vector(
      _ method: VectorSettings.Method, _ estimator: Estimator, _ dataset: String, _ size: Int?, _ read: ReadPosition
    ) -> VectorSettings {
      let parts = [
        method.rawValue, estimator.rawValue, dataset, size.map(String.init) ?? "all", read.rawValue,
      ]
      var vector = VectorSettings()
      vector.name = VectorName(parts.joined(separator: "-"))
      (vector.method, vector.estimator, vector.pairs, vector.dataset) = (method, estimator, size, dataset)
      (vector.statedRead, vector.maxTokens) = (read, maxTokens)
      if method == .instructions { (vector.positive, vector.negative) = (positive, negative) }
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
      if methods.contains(.modelDifference) { return "model-difference needs against; write it under vectors" }
      guard let count, count <= Self.most else { return "makes over \(Self.most) vectors; name fewer of each" }
      guard !vectors.isEmpty else { return "makes no vector: \(impossible.first ?? "a list is empty")" }
      return nil
    }
  }
}
