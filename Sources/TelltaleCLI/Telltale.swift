import ArgumentParser
import Foundation
import Foundations
import Torch

/// The command line. Each subcommand is a separate type under Commands; CommandSupport decides how errors end the process.
@main
struct Telltale: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "telltale",
    abstract: "Find out whether a language model's activations give away what it is about to do.",
    discussion: """
      Makes steering vectors, steers with them, and measures whether the similarity between activations and a vector \
      predicts behaviour, with the statistics that tell a prediction from an artefact.

      Results go to stdout, progress and warnings to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage or input.
      """,
    version: Version.current,
    subcommands: [
      Run.self, Schema.self, Report.self, Serve.self, EndpointCommand.self, Status.self, Label.self,
      AgreementCommand.self, Judge.self,
      Export.self, Merge.self, Extract.self, Record.self, Predict.self, Trace.self, MonitorCommand.self,
      Generate.self, Steer.self, Evaluate.self, Vector.self, Compare.self, Reproduce.self, FinetuneCommand.self,
      Activations.self,
      Models.self, Tokenize.self, Worker.self, TemplateCommand.self, OrganismCommand.self, Calibrate.self, Doctor.self,
    ])

  static func main() { runToEnd() }
}
