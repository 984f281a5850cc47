import ArgumentParser
import CommandSupport
import Foundation
import LanguageModels
import Organisms
import Steering
import Torch

struct OrganismTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train an organism from nothing and write it as a Hugging Face checkpoint.",
    discussion: """
      The same seed gives the same weights, bit for bit, on the same machine with the same number of threads. The \
      checkpoint is put in place whole when it is trained and measured.
      """)

  @Option(help: "shared or split.")
  var kind: Organisms.Organism
  @Option(help: "Seed of the weights, the planted directions and the texts.")
  var seed: UInt64
  @Option(help: "The directory to make.")
  var output: String
  @Option(help: "Training steps altogether (default: the recipe's \(OrganismRecipe.standard.steps)).")
  var steps: Int?
  @Option(help: "CPU threads (default: all cores).")
  var threads: Int?

  func validate() throws {
    guard (1...100_000).contains(steps ?? 1) else { throw ValidationError("--steps must be 1 to 100000") }
    guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024") }
  }

  func run() throws {
    Runtime.setThreadCount(threads ?? ProcessorCount.usable)
    let standard = OrganismRecipe.standard
    let started = Date()
    try OrganismDirectory.make(
      kind, seed: seed, recipe: steps.map(standard.scaled(toSteps:)) ?? standard, output: URL(fileURLWithPath: output)
    ) { step in
      guard step.number % 20 == 0 || step.number == step.total || step.number == 1 else { return }
      Terminal.note(
        String(
          format: "step %d of %d: answer loss %.3f, accuracy %.2f, planted loss %.4f, %.0f s", step.number, step.total,
          step.answerLoss, step.accuracy, step.plantedLoss, Date().timeIntervalSince(started)))
    }
    Terminal.note("written to \(output)")
  }
}

struct OrganismCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Measure an organism against the truth planted in it: accuracy, vectors, prediction by layer, steering.")

  @Option(help: "The organism's directory, or organism-shared / organism-split.")
  var model: String
  @Option(help: "Seed of the rows; it should not be the training's.")
  var seed: UInt64 = 101
  @Option(help: "CPU threads (default: all cores).")
  var threads: Int?
  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    Runtime.setThreadCount(threads ?? ProcessorCount.usable)
    let report = try OrganismCheck(directory: ModelLocator.directory(for: model), seed: seed).report()
    if json { try Output.json(report) } else { Output.line(report.markdown) }
  }
}
