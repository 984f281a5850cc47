import ArgumentParser
import CommandSupport
import Foundations

/// Benchmarks and profiles: how fast this machine does Telltale's work, and checks of that work on a device.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "telltale-bench",
    abstract: "Measure how fast this machine does Telltale's work.",
    version: Version.current,
    subcommands: [Bench.self, BenchAudit.self, BenchChunks.self, BenchPage.self, BenchParityCommand.self],
    defaultSubcommand: Bench.self)

  static func main() { runToEnd() }
}
