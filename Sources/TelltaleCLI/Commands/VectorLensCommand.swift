import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers
import Torch

extension LogitLens.Norm: ExpressibleByArgument {}

struct VectorLensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lens", abstract: "Show the tokens that a vector, or the activations of a prompt, speak for.",
    discussion: """
      The logit lens: streams are read through the final norm and the output head as if they were the last layer's. \
      Shown are logits minus their mean over the vocabulary. For a vector this is the first-order effect of adding it, \
      up to a positive factor; its length does not matter. The letter cosine compares the vector with the direction \
      along which the logit of "A" grows against that of "B", both as tokenised after --letters-after.
      """)

  @OptionGroup var model: ModelOptions
  @Option(help: "A vector file.")
  var vector: String?
  @Option(help: "A prompt whose activations at its last token are read; give the option again for more.")
  var prompt: [String] = []
  @Flag(help: "Prompts are user messages, rendered with the chat template.")
  var chat = false
  @OptionGroup var template: TemplateOptions
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0 (default: all that the vector file holds).")
  var layers: LayerList?
  @Option(help: "How many tokens of each side.")
  var top = 10
  @Option(help: "final reads through the model's final norm, none without it.")
  var norm = LogitLens.Norm.final
  @Option(
    help: "The text after which the letters A and B are tokenised for the letter cosine (default: \"Answer: (\").")
  var lettersAfter: String?
  @OptionGroup var fit: VectorFitOptions
  @Flag(help: "Print one JSON object a layer.")
  var json = false

  struct Row: Encodable {
    var source: String
    var reading: LensReading

    enum CodingKeys: String, CodingKey {
      case source, layer, promoted, suppressed
      case letterCosine = "letter_cosine"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(source, forKey: .source)
      try container.encode(reading.layer, forKey: .layer)
      try container.encode(reading.promoted, forKey: .promoted)
      try container.encode(reading.suppressed, forKey: .suppressed)
      try container.encodeIfPresent(reading.letterCosine, forKey: .letterCosine)
    }
  }

  func validate() throws {
    guard vector != nil || !prompt.isEmpty else { throw ValidationError("give --vector, --prompt, or both") }
  }

  func run() throws {
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let lens = try VectorLens(loaded, norm: norm, top: top)
    if let vector {
      let vectors = try fit.vectors(vector, for: loaded)
      let wanted = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
      let readings = try lens.readings(
        of: vectors, layers: wanted ?? vectors.sortedLayers, letterContext: lettersAfter ?? "Answer: (")
      try show("vector", readings)
    }
    for text in prompt {
      let layers = try (layers ?? .all).resolve(loaded.model.configuration)
      let ids = try PromptTokens.encode(text, loaded.tokenizer, chat: chat, template: template)
      try show("prompt: \(text)", lens.readings(of: Self.activations(loaded.model, ids, layers), layers: layers))
    }
  }

  /// float32 [layers, hidden] at the last token.
  private static func activations(_ model: LanguageModel, _ ids: [Int], _ layers: [Int]) throws -> Tensor {
    guard !ids.isEmpty else { throw TelltaleError(.badInput, "--prompt has no tokens; give a text") }
    let output = try model.forward(PackedBatch([ids]), taps: Taps(layers: layers, tokens: .tokens([ids.count - 1])))
    return try Tensor.concatenated(layers.compactMap { output.residuals[$0] })
  }

  private func show(_ source: String, _ readings: [LensReading]) throws {
    if json {
      for reading in readings { try Output.json(Row(source: source, reading: reading)) }
      return
    }
    Output.line(SafeText.visible(source))
    for reading in readings {
      let cosine = reading.letterCosine.map { String(format: ", cosine with A minus B %+.3f", $0) } ?? ""
      Output.line("layer \(reading.layer)\(cosine)")
      Output.line("  promoted    " + Self.list(reading.promoted))
      Output.line("  suppressed  " + Self.list(reading.suppressed))
    }
  }

  private static func list(_ tokens: [LensReading.Token]) -> String {
    tokens.map {
      SafeText.visible($0.text).replacingOccurrences(of: "\n", with: "\u{240A}") + String(format: " %+.2f", $0.logit)
    }
    .joined(separator: "  ")
  }
}

/// Prompts of a command line as tokens.
enum PromptTokens {
  static func encode(_ text: String, _ tokenizer: Tokenizer, chat: Bool, template: TemplateOptions) throws -> [Int] {
    guard chat else { return tokenizer.encode(text, addSpecialTokens: true).ids }
    let template = try tokenizer.chatTemplate(template)
    return try tokenizer.encodeChat([.user(text)], addGenerationPrompt: true, template: template).encoding.ids
  }
}
