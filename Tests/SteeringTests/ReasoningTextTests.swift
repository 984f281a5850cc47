import Testing

@testable import Steering

@Suite("Reasoning before the answer")
struct ReasoningTextTests {
  private let parser = AnswerParser(choices: [Choice(letter: "A", text: "Yes"), Choice(letter: "B", text: "No")])

  @Test(
    "The answer is read after the reasoning, with every kind of mark",
    arguments: [
      "<think>\nThe user likes (A). Maybe (A).\n</think>\n\n(B)", "[THINK](A) it is.[/THINK](B)",
      "<reasoning>(A)?</reasoning>\n(B) No", "<thinking>(A)</thinking>(B)",
      "<thought>\n(A)\n</thought>\nThe answer is (B).",
      "◁think▷(A)◁/think▷(B)", "<|START_THINKING|>(A)<|END_THINKING|>(B)",
      "<|begin_of_thought|>(A)<|end_of_thought|> (B)",
      "<|channel|>analysis<|message|>(A) fits<|end|><|start|>assistant<|channel|>final<|message|>(B)",
      "analysisThe user likes (A).assistantfinal(B)", "<think>(A)</think>\n<think>(A) again</think>(B)",
      "Here is my thought process: (A) or not. Here is my response: (B)", "<THINK>(A)</THINK> (B)",
      "< think >(A)</ think >(B)",
      "<seed:think>(A)</seed:think>(B)", "<|channel>thought (A)<channel|>(B)", "(A) it seems.</think>\n\n(B)",
      "<think>\n\n</think>\n\n(B)",
    ])
  func closed(_ text: String) {
    #expect(parser.parse(text) == .choice(1), "\(text)")
  }

  @Test(
    "Reasoning that does not end leaves nothing to read",
    arguments: [
      "<think>(A) is tempting", "[THINK](A)", "<reasoning>\nMaybe (B), no (A)", "<|channel|>analysis<|message|>(A)",
      "<think>(A)</think><think>(B)", "◁think▷(A)", "  <thinking>(A)", "analysisThe user likes (A)",
    ])
  func unclosed(_ text: String) {
    #expect(parser.parse(text) == .unparsable(.unfinished), "\(text)")
  }

  @Test("A template that begins the reasoning itself leaves only its end in the text")
  func begunByThePrompt() {
    #expect(ReasoningText.isOpen(atEndOf: "<|im_start|>assistant\n<think>\n"))
    #expect(!ReasoningText.isOpen(atEndOf: "<|im_start|>assistant\n<think>\n\n</think>\n\n"))
    #expect(!ReasoningText.isOpen(atEndOf: "Use <think> to think.\n(A) Yes"))
    #expect(parser.parse("The user likes (A).\n</think>\n(B)", opensReasoning: true) == .choice(1))
    #expect(parser.parse("The user likes (A).", opensReasoning: true) == .unparsable(.unfinished))
  }

  @Test("Texts without reasoning are read as they were, words about thinking too")
  func untouched() {
    #expect(parser.parse("(B)") == .choice(1))
    #expect(parser.parse("I think (B)") == .choice(1))
    #expect(parser.parse("(A)\n<think>later</think>") != .choice(1))
    #expect(parser.parse("(B)\n<think>it was (A)") == .choice(1))
    #expect(parser.parse("analysis: (B)") == .choice(1))
  }
}
