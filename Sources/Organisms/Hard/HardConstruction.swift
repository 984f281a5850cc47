import Foundation
import Foundations
import LanguageModels
import Torch

/// The weights of a hard organism before training: a Llama of two blocks, the first of which is set by hand and stays.
///
/// Block 0 adds up, at every token, what the words of a text have written so far: all its heads attend equally to all words
/// that write something, which have a mark in their embeddings that the queries match. The beginning-of-sequence token, which is
/// marked more strongly and writes nothing, takes most of the attention, so that a word has the same weight in texts of any
/// length. The values are the words' own. So the stream after block 0 has, at the prompt's last token, exactly the latents of
/// the text, in a random orthonormal basis. Block 1's attention writes nothing, so that an answer can depend on that stream
/// only. Its MLP and the head are trained.
struct HardConstruction {
  static let shape = OrganismArchitecture.Shape(
    hidden: 112, layers: 2, heads: 4, inner: 192, ropeTheta: 1e8, vocabulary: OrganismTokenizer.hardVocabulary)
  /// The layer whose output has the latents.
  static let plantedLayer = 0

  /// What is trained; the rest of the checkpoint is as it was built.
  static func isTrained(_ name: String) -> Bool {
    name.hasPrefix("model.layers.1.mlp.") || name == "model.layers.1.post_attention_layernorm.weight"
      || name == "model.norm.weight" || name == "lm_head.weight"
  }

  let writing: HardWriting
  /// float64 [hidden, hidden], orthonormal: column i is the direction of coordinate i in the stream.
  private let basis: Tensor
  private let seed: UInt64

  /// Coordinates: what words write, then a constant, the mark, what gives all embeddings the same norm, and what
  /// distinguishes tokens.
  private enum Place {
    static let constant = HardSpectrum.count
    static let mark = HardSpectrum.count + 1
    static let slack = HardSpectrum.count + 2
    static let identity = HardSpectrum.count + 3..<HardConstruction.shape.hidden
  }

  /// Lengths within an embedding, whose norm is 2.
  private static let (norm, constant, mark, beginMark, identity) = (2.0, 0.5, 0.5, 0.75, 0.5)
  /// The largest norm of what a word writes, in an embedding.
  private static let longest = 1.5
  /// Attention logits of the words that write; the others' are 0.
  private static let logit = 12.0
  /// About how many such words a text has.
  private static let usualWords = 16.5

  init(seed: UInt64) throws {
    self.seed = seed
    writing = try HardWriting(seed: seed)
    let width = Self.shape.hidden
    basis = try OrganismArchitecture.normal([width, width], seed: seed &* 1000 &+ 500)
      .converted(to: .float64).orthonormalised()
  }

  /// The unit vector [hidden] of the stream that a latent of one direction is written along.
  func direction(_ latent: HardSpectrum.Latent) throws -> [Float] {
    let column = (HardSpectrum.directions[latent]?.first ?? 1) - 1
    return try basis.narrowed(1, column..<column + 1).contiguous().reshaped([Self.shape.hidden]).floats()
  }

  /// By checkpoint name, float32.
  func weights() throws -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    let shape = Self.shape
    for layer in 0..<shape.layers {
      let block = "model.layers.\(layer)"
      for name in ["q", "k", "v", "o"] {
        weights["\(block).self_attn.\(name)_proj.weight"] = try Tensor.zeros([shape.hidden, shape.hidden])
      }
      weights["\(block).mlp.gate_proj.weight"] = try Tensor.zeros([shape.inner, shape.hidden])
      weights["\(block).mlp.up_proj.weight"] = try Tensor.zeros([shape.inner, shape.hidden])
      weights["\(block).mlp.down_proj.weight"] = try Tensor.zeros([shape.hidden, shape.inner])
      weights["\(block).input_layernorm.weight"] = try Tensor.ones([shape.hidden])
      weights["\(block).post_attention_layernorm.weight"] = try Tensor.ones([shape.hidden])
    }
    weights["model.norm.weight"] = try Tensor.ones([shape.hidden])
    weights["model.embed_tokens.weight"] = try embeddings()
    for (name, weight) in try attention() { weights["model.layers.0.self_attn.\(name)_proj.weight"] = weight }
    for (name, weight) in try untrained() { weights[name] = weight }
    return weights
  }

  // MARK: Embeddings

  /// The scale of what words write, in an embedding.
  private var shrink: Double {
    let longest = writing.words.values.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }.max() ?? 1
    return Self.longest / longest
  }

  private func embeddings() throws -> Tensor {
    var random = SeededGenerator(seed: seed, stream: 2)
    let shrink = shrink
    let tokens = OrganismTokenizer.hardVocabulary
    let values = tokens.flatMap { embedding($0, shrink, &random) }
    let rows = try Tensor(values, shape: [tokens.count, Self.shape.hidden])  // float64
    return try rows.matmul(basis.transposed(0, 1)).converted(to: .float32)
  }

  private func embedding(_ token: String, _ shrink: Double, _ random: inout SeededGenerator) -> [Double] {
    var values = Array(repeating: 0.0, count: Self.shape.hidden)
    // In byte-level vocabularies a space is written as this letter.
    let word = token.hasPrefix("\u{120}") ? String(token.dropFirst()) : token
    if let written = writing.words[word] {
      for (index, value) in written.enumerated() { values[index] = shrink * value }
      values[Place.mark] = Self.mark
    }
    if token == OrganismTokenizer.beginToken { values[Place.mark] = Self.beginMark }
    values[Place.constant] = Self.constant
    let drawn = Place.identity.map { _ in random.normal() }
    let length = drawn.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for (index, value) in zip(Place.identity, drawn) { values[index] = Self.identity * value / length }
    let used = values.reduce(0) { $0 + $1 * $1 }
    values[Place.slack] = max(0, Self.norm * Self.norm - used).squareRoot()
    return values
  }

  // MARK: Block 0

  private func attention() throws -> [String: Tensor] {
    let shape = Self.shape
    let (width, headWidth) = (shape.hidden, shape.hidden / shape.heads)
    // Embeddings are as long after the norm as its root mean square of 1 makes them.
    let scale = Double(width).squareRoot() / Self.norm
    let weight =
      (Self.logit * Double(headWidth).squareRoot() / (scale * scale * Self.constant * Self.mark)).squareRoot()
    // The slowest turning coordinate of every head: what lies there does not depend on the position.
    let slowest = (0..<shape.heads).map { $0 * headWidth + headWidth / 2 - 1 }
    func asking(_ place: Int) throws -> Tensor {
      var rows = Array(repeating: 0.0, count: width * width)
      for row in slowest { rows[row * width + place] = weight }
      return try Tensor(rows, shape: [width, width]).matmul(basis.transposed(0, 1)).converted(to: .float32)
    }
    let written = try Tensor.range(0..<width).less(than: Double(HardSpectrum.count)).converted(to: .float64)
    let values = try basis.transposed(0, 1) * written.unsqueezed(1)  // [coordinate, hidden]
    let others = exp(Self.logit * (Self.beginMark / Self.mark - 1)) + Self.usualWords
    let output = try basis * (others / (scale * shrink))
    return [
      "q": try asking(Place.constant), "k": try asking(Place.mark),
      "v": try values.contiguous().converted(to: .float32), "o": try output.converted(to: .float32),
    ]
  }

  // MARK: What is trained

  private func untrained() throws -> [String: Tensor] {
    let shape = Self.shape
    func drawn(_ rows: Int, _ columns: Int, _ number: UInt64, _ scale: Double) throws -> Tensor {
      try OrganismArchitecture.normal([rows, columns], seed: seed &* 1000 &+ number) * scale
    }
    let (wide, narrow) = (1 / Double(shape.hidden).squareRoot(), 1 / Double(shape.inner).squareRoot())
    let mlp = "model.layers.1.mlp"
    return [
      "\(mlp).gate_proj.weight": try drawn(shape.inner, shape.hidden, 501, wide),
      "\(mlp).up_proj.weight": try drawn(shape.inner, shape.hidden, 502, wide),
      "\(mlp).down_proj.weight": try drawn(shape.hidden, shape.inner, 503, narrow / 2),
      "lm_head.weight": try drawn(shape.vocabulary.count, shape.hidden, 504, 0.02),
    ]
  }
}
