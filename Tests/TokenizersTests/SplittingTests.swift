import Testing

@testable import Tokenizers

@Suite("Splitting text into words")
struct SplittingTests {
  func words(_ text: String, _ pattern: SplitPattern) -> [String] {
    let text = AlignedText(original: text)
    return pattern.words(in: text).map { text[$0].string }
  }

  @Test("GPT-2's pattern keeps a space with the word after it")
  func gpt2() {
    #expect(words("I'll go, 'S ok", .gpt2) == ["I", "'ll", " go", ",", " '", "S", " ok"])
    #expect(words("a  b\n\n c", .gpt2) == ["a", " ", " b", "\n\n", " c"])
    #expect(words("x123 45!?", .gpt2) == ["x", "123", " 45", "!?"])
    #expect(words("end  ", .gpt2) == ["end", "  "])
    #expect(words("", .gpt2) == [])
  }

  @Test("Llama 3 cuts numbers after three digits, Qwen 2 after each")
  func numbers() {
    #expect(words("x12345 6", .llama3) == ["x", "123", "45", " ", "6"])
    #expect(words("x123 4", .qwen2) == ["x", "1", "2", "3", " ", "4"])
  }

  @Test("The newer patterns keep one sign with a word and line ends with signs")
  func signsAndLines() {
    #expect(words("(A) x_y", .llama3) == ["(A", ")", " x", "_y"])
    #expect(words("a;\n\n  b", .llama3) == ["a", ";\n\n", " ", " b"])
    #expect(words("a \n \n  b", .llama3) == ["a", " \n \n", " ", " b"])
    #expect(words("a\tb\n", .qwen2) == ["a", "\tb", "\n"])
    #expect(words("\n", .qwen2) == ["\n"])
  }

  @Test("Contractions are found in either case, with a long s too")
  func contractions() {
    #expect(words("it'S we'RE 'x", .llama3) == ["it", "'S", " we", "'RE", " '", "x"])
    #expect(words("a'\u{17F}b", .llama3) == ["a", "'\u{17F}", "b"])
    #expect(words("a'\u{17F}b", .gpt2) == ["a", "'", "\u{17F}b"])
    #expect(words("'", .llama3) == ["'"])
    #expect(words("'r", .llama3) == ["'r"])
  }

  @Test("The patterns are recognised by their source and no other is")
  func recognition() {
    #expect(SplitPattern(regularExpression: #"\s+"#) == nil)
    let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    #expect(SplitPattern(regularExpression: gpt2) == .gpt2)
  }

  @Test(
    "A delimiter goes where the behaviour says",
    arguments: [
      (SplitBehavior.removed, ["the", "final", "countdown"]),
      (.isolated, ["the", "-", "final", "-", "-", "countdown"]),
      (.mergedWithPrevious, ["the-", "final-", "-", "countdown"]),
      (.mergedWithNext, ["the", "-final", "-", "-countdown"]),
      (.contiguous, ["the", "-", "final", "--", "countdown"]),
    ])
  func behaviors(behavior: SplitBehavior, expected: [String]) {
    let text = AlignedText(original: "the-final--countdown")
    #expect(behavior.split(text) { $0 == "-" }.map(\.string) == expected)
  }

  @Test("The byte alphabet has a printable scalar for each byte, and back")
  func byteAlphabet() {
    #expect(Set(ByteAlphabet.scalars).count == 256)
    #expect(ByteAlphabet.scalars[0x20] == "Ġ")
    #expect(ByteAlphabet.scalars[0x0A] == "Ċ")
    #expect(ByteAlphabet.scalars[0x41] == "A")
    for byte in 0...255 { #expect(ByteAlphabet.byte(of: ByteAlphabet.scalars[byte]) == UInt8(byte)) }
    #expect(ByteAlphabet.byte(of: " ") == nil)
    #expect(ByteAlphabet.byte(of: "中") == nil)
  }
}
