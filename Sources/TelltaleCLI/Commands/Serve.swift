import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import WebApp

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show runs in a browser: progress, report, comparison, and hand grading.",
    discussion: """
      Prints one address with a secret token and serves until it is interrupted (Ctrl-C). Only this machine can reach it, \
      and only who has the token: open the address in a browser.

      A label is on the disk before the next answer shows. The server may be killed and started again with the same \
      --port and --token: open pages go on where they were.

      Other users of the machine can read a --token of the command line; the environment's TELLTALE_TOKEN says it in \
      private.
      """)

  @Argument(help: "A run directory, or a folder of run directories.")
  var directory: String
  @Option(
    help: "The address to listen on; without TLS, so that another than this machine's own is for trusted networks.")
  var host = "127.0.0.1"
  @Option(help: "The port, 0 for any free one (default: 8080, or any free one where that is taken).")
  var port: Int?
  @Option(help: "The token to ask for (default: 192 random bits).")
  var token: String?
  @Flag(help: "Show raters the model, data set, label and scores of each answer.")
  var unblind = false
  @Option(help: "The share of the answers that a rater's second pass asks again.")
  var secondPass = 0.1
  @Flag(help: "Print the address as JSON.")
  var json = false

  func validate() throws {
    guard port.map((0...65_535).contains) ?? true else { throw ValidationError("--port must be 0 to 65535") }
    guard secondPass > 0, secondPass <= 1 else { throw ValidationError("--second-pass must be above 0 and at most 1") }
  }

  private struct Address: Encodable { var url: String }

  func run() throws {
    var options = WebServer.Options()
    (options.host, options.port, options.unblind, options.repeated) = (host, port, unblind, secondPass)
    if let chosen = token ?? ProcessInfo.processInfo.environment["TELLTALE_TOKEN"] {
      options.token = try AccessToken(chosen)
    }
    let server = try WebServer(URL(fileURLWithPath: directory), options)
    try BlockingWait.run { [json] in
      try await server.run { url in
        if json { try? Output.json(Address(url: url)) } else { Output.line(url) }
        StandardStreams.flush()
        Terminal.note("serving until it is interrupted (Ctrl-C)")
      }
    }
  }
}
