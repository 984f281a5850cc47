import ArgumentParser
import LanguageModels
import Tokenizers

/// How prompts are continued: shared by `generate` and `steer`.
struct ContinuationOptions: ParsableArguments {
  @Flag(help: "Prompts are user messages, rendered with the chat template.")
  var chat = false
  @OptionGroup var template: TemplateOptions
  @Option(help: "New tokens at most.")
  var maxTokens = 64
  @Option(help: "0 is greedy; above, tokens are drawn.")
  var temperature = 0.0
  @Option(help: "Draw from the fewest tokens that hold this share of the probability.")
  var topP = 1.0
  @Option(help: "Seed of the draws.")
  var seed: UInt64 = 0
  @Flag(help: "Go on past stop tokens.")
  var ignoreStop = false

  func validate() throws {
    try requireTokens(maxTokens)
  }

  /// Without stop tokens, which are the model's.
  func generation() throws -> GenerationOptions {
    var options = GenerationOptions(maxTokens: maxTokens)
    options.sampling = try Sampling(temperature: temperature, topP: topP, seed: seed)
    return options
  }

  func stopTokens(_ loaded: LoadedModel) -> Set<Int> { ignoreStop ? [] : loaded.stopTokens }

  func encode(_ prompt: String, _ tokenizer: Tokenizer) throws -> [Int] {
    try PromptTokens.encode(prompt, tokenizer, chat: chat, template: template)
  }
}

/// Refuses an answer of no tokens.
func requireTokens(_ most: Int) throws(ValidationError) {
  guard most > 0 else { throw ValidationError("--max-tokens must be at least 1") }
}
