import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Reports
import Steering
import Tokenizers

extension TraceScore: ExpressibleByArgument {}

struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the score of every token of a text against a vector.",
    discussion: """
      Prints the score of each token's residual stream against the vector: on a terminal as a strip, with --json as one \
      object per text, with --html as an interactive page. For a chat it also prints mean, maximum and last token of each \
      message, and the drift of each role. These leave out tokens that the chat template or the tokenizer adds, and the \
      text's first token, which is an attention sink.
      """)

  @OptionGroup var model: ModelOptions
  @Option(
    help: ArgumentHelp(
      "A vector file, or a name for it and the file; give the option again for more vectors.", valueName: "[name=]file")
  )
  var vector: [String]
  @Option(help: "A text; give the option again for more texts.")
  var prompt: [String] = []
  @Option(
    help:
      "Chats as JSON Lines, {\"messages\": [{\"role\": \"user\", \"content\": \"...\"}]} per line; - reads stdin.")
  var chat: String?
  @OptionGroup var template: TemplateOptions
  @Option(help: "Layers such as 0,3 or 8-12, counted from 0 (default: all of the vector's).")
  var layers: LayerList?
  @Option(help: "The score that is shown: \(TraceScore.allCases.map(\.rawValue).joined(separator: ", ")).")
  var score = TraceScore.cosine
  @Option(help: "The HTML page to write, with every vector and layer.")
  var html: String?
  @OptionGroup var fit: VectorFitOptions
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard prompt.isEmpty != (chat == nil) else { throw ValidationError("give either --prompt or --chat") }
    guard !vector.isEmpty else { throw ValidationError("give at least one --vector") }
  }

  func run() throws {
    let chats = try chat.map { ($0, try ChatLines.read($0)) }
    let loaded = try model.loaded(on: try model.compute.prepare())
    let vectors = try vector.map(NamedVectorFile.init).map { file in
      (name: file.name, vectors: try fit.vectors(file.url.path, for: loaded))
    }
    let wanted = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
    let texts = try texts(chats, loaded.tokenizer)
    var pages: [TraceDocument] = []
    let progress = ProgressBox("tracing", unit: "texts")
    if texts.count > 1 {
      Terminal.note("\(loaded.startLine); \(texts.count) texts")
      progress.begin(total: texts.count)
    }
    for (index, text) in texts.enumerated() {
      let trace = try TokenTrace(text, loaded.model, vectors: vectors, layers: wanted)
      if html != nil || printing.json { pages.append(TraceDocument(trace)) }
      if texts.count > 1 { progress.update(index + 1, of: texts.count) }
      guard html == nil else { continue }
      if printing.json { try Output.json(TraceDocument(trace)) } else { show(trace, index, of: texts.count) }
    }
    if let html { try write(pages, to: html) }
  }

  private func texts(_ chats: (file: String, lines: [ChatLine])?, _ tokenizer: Tokenizer) throws -> [TracedText] {
    guard let chats else { return try prompt.map { try TracedText($0, tokenizer) } }
    let own = try tokenizer.chatTemplate(template)
    return try chats.lines.map { chat in
      do throws(TelltaleError) {
        return try TracedText(chat.request, ending: chat.ending, template: own, tokenizer)
      } catch { throw TelltaleError(.badInput, error.message, at: InputLocation(file: chats.file, line: chat.line)) }
    }
  }

  private func show(_ trace: TokenTrace, _ index: Int, of count: Int) {
    if count > 1 { Output.line(index == 0 ? "text 1" : "\ntext \(index + 1)") }
    let text = TraceText(
      trace: trace, score: score, width: Terminal.width ?? 80, colour: Terminal.resultsHaveColour)
    for line in text.lines() { Output.line(line) }
  }

  private func write(_ traces: [TraceDocument], to path: String) throws {
    let page = Data(
      try TracePage(traces, model: URL(fileURLWithPath: model.name).lastPathComponent, score: score).html().utf8)
    try AtomicFile.write(page, to: URL(fileURLWithPath: path))
    if printing.json { return try Output.json(["file": path]) }
    Output.line(String(format: "%@ (%.1f MB)", path, Double(page.count) / 1e6))
  }
}
