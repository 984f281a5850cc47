/// The random numbers of every seeded procedure: SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
/// number generators"). The same seed gives the same integers, uniforms, draws and shuffles on every platform.
///
/// No method goes through the standard library's `random(in:)`, whose algorithm is not promised. Not for cryptography.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// An independent stream of a seed, for each of many things that are drawn for separately.
  public init(seed: UInt64, stream: Int) {
    var mixer = SeededGenerator(seed: seed ^ (UInt64(bitPattern: Int64(stream)) &* 0xD1B5_4A32_D192_ED03))
    state = mixer.next()
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `0..<1` with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in `0..<bound`, without bias (Lemire 2019). `bound` must be positive.
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "a draw needs a positive bound")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// Shuffles `items` in place, every order equally likely (Fisher and Yates, from the end).
  public mutating func shuffle<T>(_ items: inout [T]) {
    for last in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(last, index(below: last + 1)) }
  }

  /// The items in random order.
  public mutating func shuffled<T>(_ items: [T]) -> [T] {
    var result = items
    shuffle(&result)
    return result
  }

  /// `count` different items of `items` in random order; all of them if there are fewer.
  public mutating func sample<T>(_ count: Int, from items: [T]) -> [T] {
    var pool = items
    let wanted = min(max(count, 0), pool.count)
    for position in 0..<wanted { pool.swapAt(position, position + index(below: pool.count - position)) }
    return Array(pool[..<wanted])
  }
}
