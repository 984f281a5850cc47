import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering
import Torch

/// What is contrasted, how activations become a direction, and where they are read.
public typealias Recipe = VectorRecipe

/// A language model that is asked, recorded and read.
public struct Model: Sendable {
  private let loaded: LoadedModel
  private let encoder: PromptEncoder

  /// - Parameters:
  ///   - name: a directory in Hugging Face's layout, the id of a model in its local cache, or an embedded organism
  ///     (`organism-shared`, `organism-split`).
  ///   - style: how rows are put to it.
  ///   - template: a chat template that replaces the model's, for the style `chat`.
  /// - Throws: `TelltaleError`, one sentence with file, place and remedy.
  public init(_ name: String, style: PromptStyle = .plain, template: String? = nil) throws {
    loaded = try LoadedModel(name)
    encoder = try PromptFormat(style: style, template: template).encoder(loaded.tokenizer)
  }

  public var name: String { loaded.name }

  /// Layer i is the residual stream after decoder block i, counted from 0.
  public var layers: [Int] { Array(0..<loaded.model.configuration.layerCount) }

  /// A vector per layer, as the recipe says, from rows of a data set.
  ///
  /// - Parameter seed: of the halves that its reliability is averaged over.
  public func vector(_ recipe: Recipe, from rows: Rows, seed: UInt64 = 0) throws -> Vector {
    var extraction = VectorExtraction(recipe, layers: layers, seed: seed)
    let letters = try LetterDirection(loaded.model, encoder, rows.items)
    guard recipe.contrast == .spontaneous else {
      var kept: PairDifferences?
      extraction.onDifferences = { kept = $0 }
      let vectors = try extraction.run(loaded, encoder, rows.items)
      return Vector(AuditedVector(vectors, origin: kept.map { .pairs($0) }, letters: letters))
    }
    let recording = try record(rows)
    let origin = VectorOrigin.classes(try AuditTarget(recording, at: recipe.read).drawn(seed: seed))
    return Vector(AuditedVector(try extraction.run(recording, of: loaded), origin: origin, letters: letters))
  }

  /// What the model answers to every row, labelled, with the activations of all layers at the prompt's last token and at
  /// the answer's.
  ///
  /// - Parameters:
  ///   - label: `letter`, read from the answer, or `forcedChoice`, the likelier of a row's choices.
  ///   - maxTokens: of an answer; by default enough for a letter.
  public func record(_ rows: Rows, label: LabelSource = .letter, maxTokens: Int? = nil) throws -> Recording {
    var options = Recorder.Options(layers: layers)
    (options.labelSource, options.maxTokens) = (label, maxTokens ?? options.maxTokens)
    return try Recorder(loaded, encoder, options).record(rows.items)
  }
}
