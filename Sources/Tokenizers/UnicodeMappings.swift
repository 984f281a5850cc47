import Foundation

/// Decomposition, canonical ordering and composition (Unicode Standard, section 3.11).
///
/// Only the mappings of single scalars and of pairs come from Foundation, and are remembered. Its normalisation of
/// longer strings is not relied on: it leaves out reorderings, composes scalars beyond U+FFFF by their low 16 bits,
/// and takes time quadratic in the number of combining marks.
struct UnicodeMappings {
  private struct Pair: Hashable {
    let first: Unicode.Scalar
    let second: Unicode.Scalar
  }

  private let isCompatibility: Bool
  private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  private var compositions: [Pair: Unicode.Scalar?] = [:]

  init(isCompatibility: Bool) {
    self.isCompatibility = isCompatibility
  }

  /// The scalars fully decomposed and in canonical order.
  mutating func decompose(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    for scalar in scalars { result += decomposition(of: scalar) }
    order(&result)
    return result
  }

  private mutating func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if let known = decompositions[scalar] { return known }
    let string = String(scalar)
    let mapped =
      isCompatibility ? string.decomposedStringWithCompatibilityMapping : string.decomposedStringWithCanonicalMapping
    let result = Array(mapped.unicodeScalars)
    decompositions[scalar] = result
    return result
  }

  /// Sorts each run of combining marks by combining class, marks of one class staying as they are.
  private func order(_ scalars: inout [Unicode.Scalar]) {
    var start = 0
    while start < scalars.count {
      let end = scalars[start...].firstIndex { combiningClass($0) == 0 } ?? scalars.count
      if end - start > 1 {
        let places = (start..<end).sorted { (combiningClass(scalars[$0]), $0) < (combiningClass(scalars[$1]), $1) }
        scalars.replaceSubrange(start..<end, with: places.map { scalars[$0] })
      }
      start = end + 1
    }
  }

  private func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
  }

  /// Ordered scalars with every mark composed with the last starter before it, unless another mark blocks it.
  mutating func compose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var starter: Int?
    for scalar in scalars {
      let order = combiningClass(scalar)
      if let starter, let last = result.last {
        let follows = starter == result.count - 1 || (combiningClass(last) != 0 && combiningClass(last) < order)
        if follows, let composed = composition(result[starter], scalar) {
          result[starter] = composed
          continue
        }
      }
      result.append(scalar)
      if order == 0 { starter = result.count - 1 }
    }
    return result
  }

  /// The scalar that stands for a pair, nil if there is none.
  private mutating func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let pair = Pair(first: first, second: second)
    if let known = compositions[pair] { return known }
    let composed = compose(pair)
    compositions[pair] = .some(composed)
    return composed
  }

  private func compose(_ pair: Pair) -> Unicode.Scalar? {
    let parts = [pair.first, pair.second].flatMap { String($0).decomposedStringWithCanonicalMapping.unicodeScalars }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: parts)
    let composed = String(scalars).precomposedStringWithCanonicalMapping.unicodeScalars
    guard composed.count == 1, let result = composed.first else { return nil }
    // What was composed must be what it decomposes to.
    let whole = String(result).decomposedStringWithCanonicalMapping.unicodeScalars
    return whole.elementsEqual(parts) ? result : nil
  }
}
