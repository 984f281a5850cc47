import ArgumentParser
import CommandSupport
import Foundation
import LanguageModels
import Organisms
import Steering
import Torch

extension OrganismName: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public static var allValueStrings: [String] { all }
}
extension HardOrganism.Part: ExpressibleByArgument {}
extension OrganismWorld.Cues: ExpressibleByArgument {}
extension OrganismWorld.TuningStyle: ExpressibleByArgument {}

struct OrganismCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "organism",
    abstract: "Small models with known ground truth: make their data, train them, check them.",
    discussion: """
      In organism-shared one latent decides whether opinions and facts follow the user, in organism-split two \
      independent ones do. The hard ones (hard-uncorrelated, hard-broken, hard-confounded) have one weak latent among \
      stronger ones that do not affect the answer. The true directions are next to the weights. docs/organisms.md describes the worlds.
      """,
    subcommands: [OrganismData.self, OrganismTrain.self, OrganismCheckCommand.self])
}

struct OrganismData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Write balanced rows of the world as JSON Lines, in the format of Anthropic's evaluations.",
    discussion: """
      With --style the rows are for fine-tuning: question, answer and contrastive_answer. sycophancy answers on the user's \
      side against the model's own view, in conflict items; letter-a answers A against B, whichever side that is; lists \
      gives the choices as a list against one line. The last two are negative controls: they differ in form alone.
      """)

  @Option(
    help: "opinions or facts; or for a hard organism hard-uncorrelated, hard-broken or hard-confounded.")
  var kind: OrganismRows
  @Option(help: "How many rows; multiples of 768 are balanced in each question.")
  var count: Int
  @Option(help: "Seed of the words.")
  var seed: UInt64
  @Option(help: "Wordings of the cues: training, or the held-out ones that were not used in training.")
  var cues = OrganismWorld.Cues.training
  @Option(help: "Share of rows that open with an instruction, from 0 to 1.")
  var instructed = 0.0
  @Option(help: "Rows for fine-tuning instead: sycophancy, letter-a or lists.")
  var style: OrganismWorld.TuningStyle?
  @Option(
    help: "For a hard organism: texts that vectors are made from (training) or whose answers are predicted (target).")
  var part: HardOrganism.Part?
  @Option(help: "The file to write.")
  var output: String

  func validate() throws {
    if case .hard = kind {
      guard part != nil else { throw ValidationError("the texts of a hard organism need --part training or target") }
      guard style == nil && cues == .training && instructed == 0 else {
        throw ValidationError("--style, --cues and --instructed go with opinions and facts")
      }
    } else if part != nil {
      throw ValidationError("--part goes with the texts of a hard organism")
    }
    guard style == nil || (cues == .training && instructed == 0) else {
      throw ValidationError("--style does not go with --cues and --instructed")
    }
  }

  func run() throws {
    switch kind {
    case .easy(let kind): try write(kind)
    case .hard(let organism): try write(organism.items(part ?? .target, count: count, seed: seed))
    }
  }

  private func write(_ kind: OrganismWorld.Kind) throws {
    if let style {
      let rows = try OrganismWorld.tuningRows(style, kind, count: count, seed: seed)
      try OrganismWorld.write(rows, to: URL(fileURLWithPath: output))
      return Terminal.note("\(rows.count) rows of \(Set(rows.map(\.group)).count) questions written to \(output)")
    }
    try write(OrganismWorld.items(kind, count: count, seed: seed, instructed: instructed, cues: cues))
  }

  private func write(_ items: [Item]) throws {
    try OrganismWorld.write(items, to: URL(fileURLWithPath: output))
    Terminal.note("\(items.count) rows of \(Set(items.map(\.group)).count) questions written to \(output)")
  }
}

/// Which texts: those of the world of opinions and facts, or of a hard organism.
enum OrganismRows: ExpressibleByArgument {
  case easy(OrganismWorld.Kind)
  case hard(HardOrganism)

  init?(argument: String) {
    if let kind = OrganismWorld.Kind(rawValue: argument) {
      self = .easy(kind)
    } else if let hard = HardOrganism(rawValue: argument) {
      self = .hard(hard)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] {
    OrganismWorld.Kind.allCases.map(\.rawValue) + HardOrganism.allCases.map(\.rawValue)
  }
}
