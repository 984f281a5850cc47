import ArgumentParser
import Foundations

/// How much a command says on stderr while it works: shared by every command that computes for long.
package struct MessageOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing on stderr but warnings and errors.")
  package var quiet = false
  @Flag(help: "Also say on stderr what is loaded, and at the end the time and memory taken.")
  package var verbose = false

  package init() {}

  package func validate() throws {
    guard !quiet || !verbose else { throw ValidationError("--quiet and --verbose exclude each other") }
    Terminal.setTalk(quiet ? .quiet : verbose ? .verbose : .normal)
  }
}
