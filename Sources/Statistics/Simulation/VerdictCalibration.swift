import Foundations

/// How often simulated experiments of one recipe get each verdict, and how often intervals hold the truth.
public struct VerdictCalibration: Sendable, Equatable, Codable {
  /// What a line of the table promises.
  public enum Promise: Sendable, Equatable {
    /// At most this share is called supported: there is no effect, or known columns explain it.
    case supportedAtMost(Double)
    /// At least this share is.
    case supportedAtLeast(Double)

    public func isKept(by share: Double, experiments: Int) -> Bool {
      // Two standard errors of the simulation are allowed for.
      func error(_ p: Double) -> Double { (p * (1 - p) / Double(experiments)).squareRoot() }
      return switch self {
      case .supportedAtMost(let most): share <= most + 2 * error(most)
      case .supportedAtLeast(let least): share >= least - 2 * error(least)
      }
    }
  }

  public let name: String
  public let groups: Int
  public let experiments: Int
  public let supported: Double
  public let explained: Double
  public let absent: Double
  public let cannotTell: Double
  /// The share of 95 % intervals of either area that hold the truth; `nil` where there is no truth to compare with.
  public let coverageWithin: Double?
  public let coverageAcross: Double?
}

/// A line of the table: a recipe and what the verdict promises for it.
public struct VerdictLine: Sendable {
  public let cell: AuditCell
  public let promise: VerdictCalibration.Promise
  /// In which share of experiments both 95 % intervals are to hold the truth; `nil` where that is not promised.
  public let coverage: ClosedRange<Double>?

  init(
    _ name: String, _ groups: Int, _ promise: VerdictCalibration.Promise, coverage: ClosedRange<Double>? = nil,
    _ change: (inout AuditCell) -> Void = { _ in }
  ) {
    var cell = AuditCell(name, groups: groups)
    change(&cell)
    (self.cell, self.promise, self.coverage) = (cell, promise, coverage)
  }

  /// Whether the promises are kept, two standard errors of the simulation allowed for.
  public func isKept(by result: VerdictCalibration) -> Bool {
    guard promise.isKept(by: result.supported, experiments: result.experiments) else { return false }
    guard let coverage else { return true }
    let slack = 2 * (0.95 * 0.05 / Double(result.experiments)).squareRoot()
    return [result.coverageWithin, result.coverageAcross].compactMap { $0 }.allSatisfy {
      $0 >= coverage.lowerBound - slack && $0 <= coverage.upperBound + slack
    }
  }
}

extension Calibration {
  /// Draws and judges experiments of one recipe.
  ///
  /// - Throws: `StatisticsError` for a count out of range.
  public static func run(
    _ cell: AuditCell, experiments: Int, permutations: Int = 200, seed: UInt64 = 0
  ) throws(StatisticsError) -> VerdictCalibration {
    guard (1...10_000_000).contains(experiments), (1...1_000_000).contains(permutations) else {
      throw StatisticsError(.invalidValue, "The simulation is impossible: all counts must be positive and not huge.")
    }
    var generator = SeededGenerator(seed: seed)
    var tally = VerdictTally(cell)
    for _ in 0..<experiments {
      let candidates = try cell.draw(using: &generator)
      tally.add(try Judgement(candidates, permutations: permutations, seed: generator.next()))
    }
    return tally.result(experiments)
  }

  /// What docs/calibration.md reports of the verdict.
  public static let verdictLines: [VerdictLine] =
    confoundedLines + numericLines + clusteredLines + nullLines + effectLines

  /// The score is what columns say, and noise.
  private static var confoundedLines: [VerdictLine] {
    let columns = [10, 40, 100].flatMap { (groups: Int) -> [VerdictLine] in
      [
        VerdictLine("score = letter + source + noise", groups, .supportedAtMost(0.05)) {
          $0.columns = [.init("letter", onLabel: 0.6, onScore: 0.6), .init("source", onLabel: 0.6, onScore: 0.6)]
        },
        VerdictLine("score = letter + source + side + noise", groups, .supportedAtMost(0.05)) {
          $0.columns = [
            .init("letter", onLabel: 0.6, onScore: 0.6), .init("source", levels: 3, onLabel: 0.6, onScore: 0.6),
            .init("side", onLabel: 0.6, onScore: 0.6),
          ]
        },
        VerdictLine("the same, 10 % positives, 5 layers", groups, .supportedAtMost(0.05)) {
          ($0.positiveRate, $0.layers) = (0.1, 5)
          $0.columns = [.init("letter", onLabel: 0.6, onScore: 0.6), .init("source", onLabel: 0.6, onScore: 0.6)]
        },
      ]
    }
    return columns
      + [30, 100].map { groups in
        VerdictLine("3 known sources, one row a question", groups, .supportedAtMost(0.05)) {
          $0.rowsPerGroup = 1
          $0.columns = [.init("source", levels: 3, onLabel: 1, onScore: 1)]
        }
      }
  }

  private static var numericLines: [VerdictLine] {
    let shapes: [(String, AuditCell.Number)] = [
      ("prompt length drives both", .init("length", onLabel: 0.7, onScore: 0.7)),
      ("prompt length drives both, U-shaped", .init("length", onLabel: 0.7, onScore: 0.7, shape: .bent)),
      ("prompt length drives both, in a step", .init("length", onLabel: 0.7, onScore: 0.7, shape: .stepped)),
      ("the turn drives both", .init("turn", steps: 5, onLabel: 0.7, onScore: 0.7)),
    ]
    return shapes.flatMap { (name: String, number: AuditCell.Number) -> [VerdictLine] in
      [10, 40, 100].map { groups in VerdictLine(name, groups, .supportedAtMost(0.05)) { $0.numbers = [number] } }
    }
  }

  private static var clusteredLines: [VerdictLine] {
    let templates: [VerdictLine] = [(30, 4), (30, 8), (100, 4), (100, 8)].map { groups, levels in
      VerdictLine(
        "\(levels) templates crossed with questions", groups, .supportedAtMost(0.05), coverage: 0.93...0.97
      ) {
        $0.templates = .init(levels: levels, onLabel: 0.6, onScore: 0.6)
      }
    }
    let families: [VerdictLine] = [(60, 5), (100, 10), (200, 5)].map { questions, size in
      VerdictLine(
        "families of \(size) near-duplicates, one row each", questions, .supportedAtMost(0.05), coverage: 0.93...0.98
      ) {
        ($0.rowsPerGroup, $0.questionOnLabel, $0.questionOnScore) = (1, 0, 0)
        $0.families = .init(levels: questions / size, onLabel: 0.8, onScore: 0.8)
      }
    }
    return templates + families
  }

  private static var nullLines: [VerdictLine] {
    [10, 30, 100].flatMap { (groups: Int) -> [VerdictLine] in
      [
        VerdictLine("no effect", groups, .supportedAtMost(0.05)),
        VerdictLine("no effect, 5 layers", groups, .supportedAtMost(0.05)) { $0.layers = 5 },
        VerdictLine("no effect, 5 % positives", groups, .supportedAtMost(0.05)) { $0.positiveRate = 0.05 },
        VerdictLine("no effect, Zipf sizes", groups, .supportedAtMost(0.05)) { $0.isZipf = true },
      ]
    }
  }

  private static var effectLines: [VerdictLine] {
    let shifted: [VerdictLine] = [(1.0, 0.95), (2.0, 0.9)].map { deviation, power in
      VerdictLine("effect, questions differ by \(Int(saturating: deviation)) sd", 30, .supportedAtLeast(power)) {
        ($0.shift, $0.questionOnScore) = (0.8, deviation)
      }
    }
    return shifted + [
      VerdictLine("effect, Zipf sizes", 30, .supportedAtLeast(0.7)) { ($0.shift, $0.isZipf) = (0.7, true) },
      VerdictLine("effect next to columns that explain a part", 30, .supportedAtLeast(0.8)) {
        $0.shift = 0.7
        $0.columns = [
          .init("letter", onLabel: 0.6, onScore: 0.6), .init("source", levels: 3, onLabel: 0.6, onScore: 0.6),
        ]
      },
      VerdictLine("effect, one row a question", 100, .supportedAtLeast(0.7)) { ($0.shift, $0.rowsPerGroup) = (0.7, 1) },
    ]
  }
}

private struct VerdictTally {
  private let cell: AuditCell
  private var verdicts: [Verdict: Int] = [:]
  private var within = (intervals: 0, covering: 0)
  private var across = (intervals: 0, covering: 0)

  init(_ cell: AuditCell) { self.cell = cell }

  mutating func add(_ judgement: Judgement) {
    verdicts[judgement.verdict, default: 0] += 1
    // The best of several layers is too good by choice; a single one has the truth of the recipe.
    guard let truth = cell.truth, cell.layers == 1 else { return }
    Self.count(judgement.within, truth.within, &within)
    Self.count(judgement.across, truth.across, &across)
  }

  private static func count(_ area: ClusteredArea?, _ truth: Double, _ counts: inout (intervals: Int, covering: Int)) {
    guard let interval = area?.interval() else { return }
    counts.intervals += 1
    counts.covering += interval.contains(truth) ? 1 : 0
  }

  func result(_ experiments: Int) -> VerdictCalibration {
    func share(_ verdict: Verdict) -> Double { Double(verdicts[verdict, default: 0]) / Double(experiments) }
    func coverage(_ counts: (intervals: Int, covering: Int)) -> Double? {
      // Of few intervals a share says nothing.
      counts.intervals * 2 < experiments ? nil : Double(counts.covering) / Double(counts.intervals)
    }
    return VerdictCalibration(
      name: cell.name, groups: cell.groups, experiments: experiments, supported: share(.supported),
      explained: share(.explained), absent: share(.absent), cannotTell: share(.cannotTell),
      coverageWithin: coverage(within), coverageAcross: coverage(across))
  }
}
