import ArgumentParser
import CommandSupport
import Endpoint
import Foundation
import Foundations
import LanguageModels
import Steering
import WebApp

struct EndpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "endpoint",
    abstract: "Serve a model to OpenAI's clients, with vectors and a monitor.",
    discussion: """
      Answers /v1/chat/completions, /v1/completions, /v1/models, /v1/telltale/vectors, /health and /metrics until it is \
      interrupted (Ctrl-C). Prints the base address and the token, which clients send as their API key. Only this machine \
      can reach it, and only who has the token.

      A request edits by the vectors' names, {"telltale": {"edits": [{"operation": "add", "vector": "NAME", "layer": 12}]}}, \
      and is answered with what the edits did; docs/endpoint.md has every parameter.

      Other users of the machine can read a --token of the command line; the environment's TELLTALE_TOKEN says it in \
      private.
      """)

  @OptionGroup var model: ModelOptions
  @Option(
    help: ArgumentHelp(
      "A vector file that requests may name, or a name for it and the file; give the option again for more vectors.",
      valueName: "[name=]file"))
  var vector: [String] = []
  @Option(help: "A monitor file (telltale monitor fit): every answer states its probability and flag for the prompt.")
  var monitor: String?
  @Option(help: "What requests call the model (default: its name, or the last part of its path).")
  var name: String?
  @OptionGroup var template: TemplateOptions
  @Option(help: "Tokens of a sequence, prompt and answer; memory for them is taken at the start.")
  var context = 4096
  @Option(help: "Sequences that are decoded together.")
  var slots = 8
  @Option(help: "Requests that wait for a slot; more are refused with 429.")
  var queue = 64
  @Option(help: "Seconds from a request's arrival to its last token.")
  var timeout = 600.0
  @Option(
    help: "The address to listen on; without TLS, so that another than this machine's own is for trusted networks.")
  var host = "127.0.0.1"
  @Option(help: "The port, 0 for any free one (default: 8000, or any free one where that is taken).")
  var port: Int?
  @Option(help: "The token to ask for (default: 192 random bits).")
  var token: String?
  @OptionGroup var fit: VectorFitOptions
  @Flag(help: "Print address and token as JSON.")
  var json = false

  func validate() throws {
    guard port.map((0...65_535).contains) ?? true else { throw ValidationError("--port must be 0 to 65535") }
    guard (1...1024).contains(slots) else { throw ValidationError("--slots must be 1 to 1024") }
    guard (0...100_000).contains(queue) else { throw ValidationError("--queue must be 0 to 100000") }
    guard (2...1 << 20).contains(context) else { throw ValidationError("--context must be 2 to \(1 << 20)") }
    guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout must be above 0 and at most 86400") }
  }

  private struct Address: Encodable {
    var url: String
    var token: String
  }

  func run() throws {
    var options = EndpointServer.Options()
    (options.host, options.port) = (host, port)
    if let chosen = token ?? ProcessInfo.processInfo.environment["TELLTALE_TOKEN"] {
      options.token = try AccessToken(chosen)
    }
    let service = try service()
    let server = try EndpointServer(service, options)
    try BlockingWait.run { [json] in
      try await server.run { url, token in
        if json {
          try? Output.json(Address(url: url, token: token))
        } else {
          Output.line("export OPENAI_BASE_URL=\(url)")
          Output.line("export OPENAI_API_KEY=\(token)")
        }
        StandardStreams.flush()
        Terminal.note("serving until it is interrupted (Ctrl-C)")
      }
    }
  }

  /// Everything that can be wrong with files is said before the address is printed.
  private func service() throws -> EndpointService {
    let watch = try monitor.map { try Monitor(contentsOf: URL(fileURLWithPath: $0)) }
    let loaded = try model.loaded(on: try model.compute.prepare())
    let shelf = VectorShelf(for: loaded, anyModel: fit.anyModel)
    for file in vector.map(NamedVectorFile.init) {
      let vectors = try SteeringVectors(contentsOf: file.url)
      do {
        for note in try shelf.put(file.name, vectors) { Terminal.warning(note) }
      } catch let error as EndpointError {
        throw TelltaleError(.badInput, "--vector \(SafeText.quoted(file.name)): \(error.message)")
      }
    }
    // A model without a template is served for text completions, unless one was asked for.
    let chat =
      template.name == nil ? try? loaded.tokenizer.chatTemplate(template) : try loaded.tokenizer.chatTemplate(template)
    if chat == nil {
      Terminal.warning("the model has no chat template: only /v1/completions will answer; see --template")
    }
    let served = try ServedModel(
      loaded, name: name, template: chat, context: context, vectors: shelf, monitor: watch)
    Terminal.note("\(loaded.startLine); \(slots) sequences of \(served.context) tokens")
    var limits = Scheduler.Limits()
    (limits.slots, limits.queue, limits.timeout) = (slots, queue, timeout)
    return try EndpointService(served, limits)
  }
}
