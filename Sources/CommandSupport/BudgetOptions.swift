import ArgumentParser
import LanguageModels

/// How much is computed together: shared by every command that reads many prompts.
package struct BudgetOptions: ParsableArguments {
  @Option(help: "Tokens that one pass may hold.")
  package var tokenBudget = GenerationOptions.defaultTokenBudget

  package init() {}

  package func validate() throws {
    guard (1...1_000_000).contains(tokenBudget) else {
      throw ValidationError("--token-budget must be from 1 to 1000000, not \(tokenBudget)")
    }
  }
}
