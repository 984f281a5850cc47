import ArgumentParser

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train LoRA adapters, and find out whether training moves activations along a vector.",
    subcommands: [Finetune.self, FinetuneChain.self],
    defaultSubcommand: Finetune.self)
}
