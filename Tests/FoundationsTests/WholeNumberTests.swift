import Testing

@testable import Foundations

@Suite("Numbers of files and statistics become whole numbers")
struct WholeNumberTests {
  @Test(
    "The whole part, and the nearest that there is",
    arguments: [
      (2.9, 2), (-2.9, -2), (-0.0, 0), (.nan, 0), (.infinity, .max), (-.infinity, .min), (1e300, .max), (-1e19, .min),
      (0x1p63, .max), (-0x1p63, .min), (0x1p62, 1 << 62),
    ] as [(Double, Int)])
  func saturating(_ value: Double, _ whole: Int) { #expect(Int(saturating: value) == whole) }
}
