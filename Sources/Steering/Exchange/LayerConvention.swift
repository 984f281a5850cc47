/// How a tool counts layers. Ours: layer i is the residual stream after decoder block i, counted from 0.
public enum LayerConvention: String, Sendable, CaseIterable, Codable {
  case telltale
  /// Contrastive Activation Addition (Rimsky et al. 2024): as ours.
  case caa
  /// refusal_direction (Arditi et al. 2024): L is the input of block L.
  case refusalDirection = "refusal-direction"
  /// Persona vectors (Chen et al. 2025): L is an index into `hidden_states`, 0 the embeddings.
  case persona
  /// GGUF control vectors (llama.cpp, repeng): `direction.L` is applied after block L; there is no L = 0.
  case gguf

  /// Our layer for the tool's layer `foreign`; nil for what is no block's output with us, or nothing with the tool.
  public func layer(from foreign: Int) -> Int? {
    switch self {
    case .telltale, .caa: foreign
    case .refusalDirection, .persona: foreign > 0 ? foreign - 1 : nil
    case .gguf: foreign > 0 ? foreign : nil
    }
  }

  /// The convention in words.
  public var meaning: String {
    switch self {
    case .telltale: "layer L is the output of decoder block L, counted from 0"
    case .caa: "layer L is the output of decoder block L, which is layer L here"
    case .refusalDirection: "layer L is the input of decoder block L, which is layer L-1 here"
    case .persona: "layer L is hidden_states[L], which is layer L-1 here"
    case .gguf: "direction.L applies after decoder block L, which is layer L here; there is no direction.0"
    }
  }

  /// Why the layer 0 that `layer(from:)` turns away has no place here.
  var reasonForRefusal: String {
    switch self {
    case .refusalDirection, .persona: "it is of the token embeddings, which are no block's output"
    case .gguf, .telltale, .caa: "llama.cpp never applies it"
    }
  }
}

/// The kinds of vector files, told by their names' ends.
public enum VectorFormat: String, Sendable, CaseIterable, Codable {
  case safetensors, gguf, npy
  case torch = "pt"

  /// nil for another end; `.pth` and `.bin` mean the same as `.pt`.
  public init?(fileName: String) {
    let end = fileName.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
    switch end {
    case "pth", "bin": self = .torch
    default: self.init(rawValue: end)
    }
  }
}
