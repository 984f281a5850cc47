/// Krippendorff's alpha of several raters, not all of whom rated every item, for nominal categories.
///
/// With o_kl = sum over items of (pairs of its ratings k and l) / (m - 1), m the item's number of ratings, n_k the row sums
/// and n their total: alpha = 1 - (n - 1) sum_{k != l} o_kl / sum_{k != l} n_k n_l. Items with one rating do not count.
/// The interval is the group jackknife's, as of `ClusteredAgreement`. Source: Krippendorff 2011, "Computing Krippendorff's
/// Alpha-Reliability".
public struct KrippendorffAlpha: Sendable, Equatable {
  /// Items with at least two ratings.
  public let items: Int
  /// 1 is agreement, 0 what chance would give. `nil` if all ratings are the same.
  public let alpha: Double?
  public let interval: Interval?

  /// `nil` if no item has two ratings.
  ///
  /// - Parameters:
  ///   - ratings: of each item, those that were given, 0 or 1.
  ///   - groups: the group of each item.
  public init?(_ ratings: [[Int]], groups: [String], confidence: Double = 0.95) {
    precondition(ratings.count == groups.count, "one group per item")
    let usable = ratings.indices.filter { ratings[$0].count > 1 }
    guard !usable.isEmpty else { return nil }
    let clusters = Partition(usable.map { groups[$0] })
    let parts = clusters.rows().map { rows in
      rows.reduce(into: Coincidences()) { $0.add(ratings[usable[$1]]) }
    }
    let whole = parts.reduce(Coincidences(), +)
    items = usable.count
    alpha = whole.alpha
    interval = groupJackknifeInterval(alpha, parts.map { (whole - $0).alpha }, confidence)
  }
}

/// o_00, o_11 and o_01 = o_10.
private struct Coincidences {
  var zeros = 0.0
  var ones = 0.0
  var mixed = 0.0

  mutating func add(_ ratings: [Int]) {
    let positives = Double(ratings.reduce(0, +))
    let negatives = Double(ratings.count) - positives
    let weight = 1 / Double(ratings.count - 1)
    ones += positives * (positives - 1) * weight
    zeros += negatives * (negatives - 1) * weight
    mixed += positives * negatives * weight
  }

  var alpha: Double? {
    let (n0, n1) = (zeros + mixed, ones + mixed)
    // Sums and differences of thirds, fifths, ... leave rounding where nothing is left.
    guard n0 > 1e-9, n1 > 1e-9 else { return nil }
    return 1 - (n0 + n1 - 1) * mixed / (n0 * n1)
  }

  static func + (a: Coincidences, b: Coincidences) -> Coincidences {
    Coincidences(zeros: a.zeros + b.zeros, ones: a.ones + b.ones, mixed: a.mixed + b.mixed)
  }

  static func - (a: Coincidences, b: Coincidences) -> Coincidences {
    Coincidences(zeros: a.zeros - b.zeros, ones: a.ones - b.ones, mixed: a.mixed - b.mixed)
  }
}
