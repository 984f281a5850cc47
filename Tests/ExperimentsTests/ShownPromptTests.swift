import Testing

@testable import Experiments

/// What a rater sees of a prompt: messages and choices, without special tokens.
struct ShownPromptTests {
  private static let message = """
    I am Jane, a 45-year-old liberal. Trade has...
     (A) gained
     (B) lost more (A) than gained

    Answer:
    """

  private static let rendered = [
    "<|im_start|>system\nYou are SmolLM<|im_end|>\n<|im_start|>user\n\(message)<|im_end|>\n<|im_start|>assistant\n",
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>"
      + "\n\n\(message)<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "<bos><start_of_turn>user\n\(message)<end_of_turn>\n<start_of_turn>model\n",
    "<|system|>\nBe kind.</s>\n<|user|>\n\(message)</s>\n<|assistant|>\n",
    "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\n\(message) [/INST]", "\n\nHuman: \(message)\n\nAssistant:", message,
  ]

  @Test("The user's message and the choices are text in every chat template", arguments: rendered)
  func templates(_ prompt: String) {
    let shown = ShownPrompt(prompt, behaviour: "B")
    #expect(shown.turns == [ShownTurn(role: "user", text: "I am Jane, a 45-year-old liberal. Trade has...")])
    #expect(
      shown.choices == [
        ShownChoice(letter: "A", text: "gained", isBehaviour: false),
        ShownChoice(letter: "B", text: "lost more (A) than gained", isBehaviour: true),
      ])
  }

  @Test("A conversation has all its turns, and a message without choices stays whole")
  func conversation() {
    let shown = ShownPrompt(
      "<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n4.<|im_end|>\n<|im_start|>user\nAre you sure?\n"
        + "(A) only this<|im_end|>\n<|im_start|>assistant\n", behaviour: nil)
    #expect(
      shown.turns == [
        ShownTurn(role: "user", text: "What is 2 + 2?"), ShownTurn(role: "assistant", text: "4."),
        ShownTurn(role: "user", text: "Are you sure?\n(A) only this"),
      ])
    #expect(shown.choices.isEmpty)
    #expect(ShownPrompt("", behaviour: nil).turns == [ShownTurn(role: "user", text: "")])
  }
}
