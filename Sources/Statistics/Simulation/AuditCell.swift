import Foundations

/// A recipe for simulated experiments in which known columns, templates or families make a score and a label agree, or in
/// which there is a real effect that questions blur: what the verdict must not be fooled by, and must not miss.
///
/// The label is 1 where a latent number exceeds a threshold, the score is another number; both are sums of what the columns,
/// the template, the family and the question add, and of standard normal noise. Nothing but these links them, and `shift`
/// standard deviations that the label itself adds to the score: 0 is no effect.
public struct AuditCell: Sendable {
  /// A column with levels of equal frequency and effects spread evenly over -1...1 times the given sizes.
  public struct Column: Sendable {
    public var name: String
    public var levels: Int
    public var onLabel: Double
    public var onScore: Double
    /// Whether the level belongs to the question and not to the row.
    public var isOfQuestion = false

    public init(_ name: String, levels: Int = 2, onLabel: Double, onScore: Double, isOfQuestion: Bool = false) {
      (self.name, self.levels, self.onLabel, self.onScore) = (name, levels, onLabel, onScore)
      self.isOfQuestion = isOfQuestion
    }
  }

  /// A standard normal number (a prompt's length) or one of as many steps (a turn), with its effects.
  public struct Number: Sendable {
    public enum Shape: Sendable { case straight, bent, stepped }

    public var name: String
    /// 0 for a continuous number.
    public var steps = 0
    public var onLabel: Double
    public var onScore: Double
    public var shape = Shape.straight

    public init(_ name: String, steps: Int = 0, onLabel: Double, onScore: Double, shape: Shape = .straight) {
      (self.name, self.steps, self.onLabel, self.onScore, self.shape) = (name, steps, onLabel, onScore, shape)
    }
  }

  /// Random effects of a factor: its number of levels and standard deviations.
  public struct Factor: Sendable {
    public var levels: Int
    public var onLabel: Double
    public var onScore: Double

    public init(levels: Int, onLabel: Double, onScore: Double) {
      (self.levels, self.onLabel, self.onScore) = (levels, onLabel, onScore)
    }
  }

  public var name: String
  public var groups: Int
  public var rowsPerGroup = 10
  /// Whether group sizes fall as 1/k, the mean as given.
  public var isZipf = false
  public var positiveRate = 0.5
  public var shift = 0.0
  /// Standard deviations of the questions' effects.
  public var questionOnLabel = 0.5
  public var questionOnScore = 0.5
  public var columns: [Column] = []
  public var numbers: [Number] = []
  /// Templates drawn at random for every row.
  public var templates: Factor?
  /// Families that questions are dealt into, in order.
  public var families: Factor?
  /// Whether the audit is told of columns, numbers and families.
  public var isTold = true
  /// Layers that the audit compares.
  public var layers = 1

  public init(_ name: String, groups: Int) { (self.name, self.groups) = (name, groups) }

  /// AUROCs within and across questions where nothing but questions and the label act on the score; `nil` elsewhere.
  public var truth: (within: Double, across: Double)? {
    let independent = columns.allSatisfy { $0.onLabel * $0.onScore == 0 } && numbers.isEmpty
    guard independent, shift == 0 || (columns.isEmpty && templates == nil && families == nil) else { return nil }
    func area(_ spread: Double) -> Double { NormalDistribution.cumulative(shift / (2 * spread).squareRoot()) }
    return (area(1), area(1 + questionOnScore * questionOnScore))
  }

  /// One experiment.
  public func draw(using generator: inout SeededGenerator) throws(StatisticsError) -> [AuditCandidate] {
    let sizes = groupSizes
    let groupOfRow = sizes.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    let count = groupOfRow.count
    var latent = (0..<count).map { _ in generator.normal() }
    var added = [Double](repeating: 0, count: count)
    var known: [Covariate] = []
    func add(_ codes: [Int], _ effects: [(label: Double, score: Double)]) {
      for (row, code) in codes.enumerated() {
        latent[row] += effects[code].label
        added[row] += effects[code].score
      }
    }
    add(
      groupOfRow, randomEffects(Factor(levels: groups, onLabel: questionOnLabel, onScore: questionOnScore), &generator))
    for column in columns {
      let codes = codes(column.levels, groupOfRow, isOfQuestion: column.isOfQuestion, &generator)
      add(codes, column.effects)
      known.append(Covariate(name: column.name, values: .categorical(codes.map { "\(column.name)\($0)" })))
    }
    for number in numbers {
      let values = (0..<count).map { _ in number.draw(&generator) }
      for (row, value) in values.enumerated() {
        latent[row] += number.onLabel * number.shaped(value)
        added[row] += number.onScore * number.shaped(value)
      }
      known.append(Covariate(name: number.name, values: .numeric(values)))
    }
    if let templates {
      let codes = codes(templates.levels, groupOfRow, isOfQuestion: false, &generator)
      add(codes, randomEffects(templates, &generator))
      known.append(Covariate(name: "template", values: .categorical(codes.map { "t\($0)" })))
    }
    var familyOfRow: [String]?
    if let families {
      let codes = groupOfRow.map { $0 * families.levels / groups }
      add(codes, randomEffects(families, &generator))
      familyOfRow = codes.map { "f\($0)" }
    }
    return try finished(latent, added, groupOfRow, known, familyOfRow, &generator)
  }

  private func finished(
    _ latent: [Double], _ added: [Double], _ groupOfRow: [Int], _ known: [Covariate], _ families: [String]?,
    _ generator: inout SeededGenerator
  ) throws(StatisticsError) -> [AuditCandidate] {
    let spread = (sumOfSquares(latent) / Double(latent.count)).squareRoot()
    let threshold = -NormalDistribution.quantile(positiveRate) * spread
    let labels = latent.map { $0 > threshold ? 1 : 0 }
    let common = latent.map { _ in generator.normal() }
    var candidates: [AuditCandidate] = []
    for layer in 0..<layers {
      let share = layers == 1 ? 1.0 : 0.5
      let scores = latent.indices.map { row in
        let noise = share.squareRoot() * common[row] + (1 - share).squareRoot() * generator.normal()
        return added[row] + shift * Double(labels[row]) + noise
      }
      let rows = try ScoredRows(
        scores: scores, labels: labels, groups: groupOfRow.map { "q\($0)" }, covariates: isTold ? known : [],
        families: isTold ? families : nil)
      candidates.append(AuditCandidate(name: "layer \(layer)", rows: rows))
    }
    return candidates
  }

  private var groupSizes: [Int] {
    guard isZipf else { return [Int](repeating: rowsPerGroup, count: groups) }
    let harmonic = (1...groups).reduce(0.0) { $0 + 1 / Double($1) }
    return (1...groups).map {
      max(1, Int(saturating: (Double(groups * rowsPerGroup) / harmonic / Double($0)).rounded()))
    }
  }

  private func codes(
    _ levels: Int, _ groupOfRow: [Int], isOfQuestion: Bool, _ generator: inout SeededGenerator
  ) -> [Int] {
    let ofQuestion = (0..<groups).map { _ in generator.index(below: levels) }
    return groupOfRow.map { isOfQuestion ? ofQuestion[$0] : generator.index(below: levels) }
  }

  private func randomEffects(_ factor: Factor, _ generator: inout SeededGenerator) -> [(label: Double, score: Double)] {
    (0..<factor.levels).map { _ in (factor.onLabel * generator.normal(), factor.onScore * generator.normal()) }
  }
}

extension AuditCell.Column {
  fileprivate var effects: [(label: Double, score: Double)] {
    (0..<levels).map { level in
      let place = levels == 1 ? 0 : 2 * Double(level) / Double(levels - 1) - 1
      return (onLabel * place, onScore * place)
    }
  }
}

extension AuditCell.Number {
  fileprivate func draw(_ generator: inout SeededGenerator) -> Double {
    steps > 0 ? Double(generator.index(below: steps)) : generator.normal()
  }

  /// With mean about 0 and standard deviation about 1.
  fileprivate func shaped(_ value: Double) -> Double {
    let standard = steps > 0 ? (value - Double(steps - 1) / 2) / (Double(steps * steps - 1) / 12).squareRoot() : value
    switch shape {
    case .straight: return standard
    case .bent: return (standard * standard - 1) / 2.0.squareRoot()
    case .stepped: return standard > 0.5 ? 1.5 : -0.7
    }
  }
}
