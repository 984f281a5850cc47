import Testing

@testable import Tokenizers

@Suite("Normalisation")
struct NormalizationTests {
  func scalars(_ form: NormalizationForm, _ text: String) -> [UInt32] {
    form.apply(to: AlignedText(original: text)).map(\.scalar.value)
  }

  @Test("The four forms differ as in the standard's examples")
  func forms() {
    // UAX #15, figures 3 to 6: ﬁ is a compatibility character, ḍ with a dot above composes in order of class.
    #expect(scalars(.nfc, "\u{1E0B}\u{323}") == [0x1E0D, 0x307])
    #expect(scalars(.nfd, "\u{1E0B}\u{323}") == [0x64, 0x323, 0x307])
    #expect(scalars(.nfc, "\u{FB01}\u{212B}") == [0xFB01, 0xC5])
    #expect(scalars(.nfkc, "\u{FB01}\u{212B}2\u{2075}") == [0x66, 0x69, 0xC5, 0x32, 0x35])
    #expect(scalars(.nfkd, "\u{1E9B}\u{323}") == [0x73, 0x323, 0x307])
    #expect(scalars(.nfkc, "\u{FF76}\u{FF9E}") == [0x30AC])
  }

  @Test("Hangul composes from jamo and from an open syllable")
  func hangul() {
    #expect(scalars(.nfc, "\u{1112}\u{1161}\u{11AB}\u{AC00}\u{11A8}") == [0xD55C, 0xAC01])
    #expect(scalars(.nfd, "\u{D55C}") == [0x1112, 0x1161, 0x11AB])
    #expect(scalars(.nfkc, "\u{3131}\u{314F}") == [0xAC00])
  }

  @Test("Marks that decompose are put in order, and bases beyond U+FFFF stay themselves")
  func unusualMarks() {
    #expect(scalars(.nfc, "e\u{F73}") == [0x65, 0xF71, 0xF72])
    #expect(scalars(.nfd, "\u{E9}\u{F73}") == [0x65, 0xF71, 0xF72, 0x301])
    #expect(scalars(.nfc, "\u{103C5}\u{340}") == [0x103C5, 0x300])
    #expect(scalars(.nfc, "\u{11099}\u{110BA}") == [0x1109A])
    #expect(scalars(.nfc, "\u{CC6}\u{CC2}\u{CD5}") == [0xCCB])
    // A blocked mark does not compose: the same class stands between.
    #expect(scalars(.nfc, "a\u{315}\u{300}\u{301}") == [0xE0, 0x301, 0x315])
  }

  @Test("Other normalisers keep the ranges of what they change")
  func alignment() {
    let lower = Normalizer.lowercase.apply(to: AlignedText(original: "A\u{130}b"))
    #expect(lower.string == "ai\u{307}b")
    #expect(lower.map(\.start) == [0, 1, 1, 2])
    let strip = Normalizer.strip(left: true, right: false).apply(to: AlignedText(original: " \u{3000}a "))
    #expect(strip.string == "a ")
    #expect(strip.originalRange == 2..<4)
    let replaced = Normalizer.replace(pattern: ["a", "a"], content: ["b"]).apply(to: AlignedText(original: "aaa"))
    #expect(Array(replaced) == [AlignedScalar("b", 0, 2), AlignedScalar("a", 2, 3)])
    let prepended = Normalizer.prepend(["_"]).apply(to: AlignedText(original: "x"))
    #expect(Array(prepended) == [AlignedScalar("_", 0, 0), AlignedScalar("x", 0, 1)])
  }
}
