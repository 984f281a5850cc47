import RealModule

/// Texts as sets of character 4-grams, numbered so that rarer ones come first, with weights.
///
/// A text is lower-cased, everything but letters and digits becomes one space. A 4-gram that is in d of N texts weighs
/// ln(1 + N/d), so that what all texts share (an instruction, the lettered choices) makes no two of them alike.
struct ShingleSets {
  static let length = 4

  /// By text its 4-grams, ascending: the rarest first.
  let sets: [[Int32]]
  /// By 4-gram.
  let weights: [Double]
  /// By text the sum of its weights.
  let totals: [Double]

  init(_ texts: [String]) {
    let hashed = texts.map(shingles)
    var frequency: [UInt64: Int] = [:]
    for set in hashed { for shingle in set { frequency[shingle, default: 0] += 1 } }
    let order = frequency.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    var number: [UInt64: Int32] = [:]
    number.reserveCapacity(order.count)
    for (index, entry) in order.enumerated() { number[entry.key] = Int32(index) }
    let weights = order.map { Double.log(1 + Double(texts.count) / Double($0.value)) }
    sets = hashed.map { set in set.compactMap { number[$0] }.sorted() }
    totals = sets.map { set in set.reduce(0) { $0 + weights[Int($1)] } }
    self.weights = weights
  }

  /// How many of a text's 4-grams, the rarest first, outweigh 1 - threshold of it: two texts as similar as `threshold` share
  /// one of these (prefix filtering, Chaudhuri et al. 2006).
  func prefix(of text: Int, threshold: Double) -> ArraySlice<Int32> {
    var rest = totals[text]
    for (position, shingle) in sets[text].enumerated() {
      if rest < threshold * totals[text] { return sets[text][..<position] }
      rest -= weights[Int(shingle)]
    }
    return sets[text][...]
  }

  /// Whether the weighted Jaccard similarity of two texts, shared weight / weight of either, reaches the threshold.
  func isSimilar(_ a: Int, _ b: Int, threshold: Double) -> Bool {
    let needed = threshold / (1 + threshold) * (totals[a] + totals[b]) - 1e-9
    var (restA, restB) = (totals[a], totals[b])
    var shared = 0.0
    var (i, j) = (0, 0)
    while i < sets[a].count, j < sets[b].count {
      if shared + min(restA, restB) < needed { return false }
      let (left, right) = (sets[a][i], sets[b][j])
      let weight = weights[Int(min(left, right))]
      if left <= right {
        i += 1
        restA -= weight
      }
      if right <= left {
        j += 1
        restB -= weight
      }
      if left == right { shared += weight }
    }
    return shared >= needed
  }
}

/// The distinct 4-grams of a text, hashed to 64 bits (FNV-1a over Unicode scalars).
private func shingles(_ text: String) -> Set<UInt64> {
  let scalars = normalised(text)
  let length = min(ShingleSets.length, scalars.count)
  var result: Set<UInt64> = []
  for start in 0...(scalars.count - length) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for scalar in scalars[start..<start + length] { hash = (hash ^ UInt64(scalar)) &* 0x100_0000_01b3 }
    result.insert(hash)
  }
  return result
}

/// Lower case, every run of other characters one space, a space before and after.
private func normalised(_ text: String) -> [UInt32] {
  var result: [UInt32] = [32]
  for scalar in text.lowercased().unicodeScalars {
    let isWord = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    if isWord {
      result.append(scalar.value)
    } else if result.last != 32 {
      result.append(32)
    }
  }
  if result.last != 32 { result.append(32) }
  return result
}
