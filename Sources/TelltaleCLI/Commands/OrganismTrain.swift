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
    abstract: "Train an organism from scratch and write it as a Hugging Face checkpoint.",
    discussion: """
      The same seed gives the same weights, bit for bit, on the same machine with the same number of threads. The \
      checkpoint is written only once it is trained and measured.
      """)

  @Option(help: "shared, split, hard-uncorrelated, hard-broken or hard-confounded.")
  var kind: OrganismName
  @Option(help: "Seed of the weights, the planted directions and the texts.")
  var seed: UInt64
  @Option(help: "The directory to make.")
  var output: String
  @Option(
    help: """
      Total training steps (default: the recipe's \(OrganismRecipe.standard.steps), for a hard organism \
      \(HardTrainer.standardSteps)).
      """)
  var steps: Int?
  @Option(help: "CPU threads (default: all cores).")
  var threads: Int?
  @Flag(help: "Print what was measured of a hard organism as one JSON object.")
  var json = false

  func validate() throws {
    if case .easy = kind, json { throw ValidationError("--json goes with the hard organisms") }
    guard (1...100_000).contains(steps ?? 1) else { throw ValidationError("--steps must be 1 to 100000") }
    guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads must be 1 to 1024") }
  }

  func run() throws {
    Runtime.setThreadCount(threads ?? ProcessorCount.usable)
    switch kind {
    case .easy(let organism): try train(organism)
    case .hard(let organism): try train(organism)
    }
    Terminal.note("written to \(output)")
  }

  private func train(_ organism: HardOrganism) throws {
    let started = Date()
    let report = try HardDirectory.make(
      organism, seed: seed, steps: steps ?? HardTrainer.standardSteps, output: URL(fileURLWithPath: output)
    ) { step in
      guard step.number % 100 == 0 || step.number == step.total || step.number == 1 else { return }
      Terminal.note(
        String(
          format: "step %d of %d: %.4f nats above the least loss of an answer, %.0f s", step.number, step.total,
          step.excess, Date().timeIntervalSince(started)))
    }
    if json { try Output.json(report) }
  }

  private func train(_ organism: Organisms.Organism) throws {
    let standard = OrganismRecipe.standard
    let started = Date()
    try OrganismDirectory.make(
      organism, seed: seed, recipe: steps.map(standard.scaled(toSteps:)) ?? standard,
      output: URL(fileURLWithPath: output)
    ) { step in
      guard step.number % 20 == 0 || step.number == step.total || step.number == 1 else { return }
      Terminal.note(
        String(
          format: "step %d of %d: answer loss %.3f, accuracy %.2f, planted loss %.4f, %.0f s", step.number, step.total,
          step.answerLoss, step.accuracy, step.plantedLoss, Date().timeIntervalSince(started)))
    }
  }
}

struct OrganismCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Measure an organism against the truth planted in it: accuracy, vectors, prediction by layer, steering.",
    discussion: """
      For a hard organism: properties of its residual stream and answers, and the audit's verdicts on the planted direction, \
      on vectors of instructions and of class means, and on a vector of the distractor.
      """)

  @Option(help: "The organism's directory, or organism-shared / organism-split / organism-hard.")
  var model: String
  @Option(help: "Seed of the rows; use another one than for training.")
  var seed: UInt64 = 101
  @Option(help: "CPU threads (default: all cores).")
  var threads: Int?
  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    Runtime.setThreadCount(threads ?? ProcessorCount.usable)
    let directory = try ModelLocator.directory(for: model)
    if try PlantedDirections(directory: directory).hard != nil {
      let report = try HardCheck(directory: directory, seed: seed).report()
      if json { try Output.json(report) } else { Output.line(report.markdown) }
    } else {
      let report = try OrganismCheck(directory: directory, seed: seed).report()
      if json { try Output.json(report) } else { Output.line(report.markdown) }
    }
  }
}
