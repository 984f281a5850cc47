import Foundation
import Torch

/// How much memory the activations of a training pass may take, and so of how many blocks they are kept for the backward
/// pass: the others are computed again.
public struct ActivationBudget: Sendable {
  /// nil where everything is kept.
  public let bytes: Int?
  private let bytesPerToken: Int
  private let blockCount: Int

  /// - Parameter bytes: for the activations of all blocks; nil sets no bound.
  public init(_ model: LanguageModel, bytes: Int?) {
    self.bytes = bytes
    blockCount = model.configuration.layerCount
    bytesPerToken = Self.bytesPerToken(model)
  }

  /// What a block keeps of a token, at most: the stream at its two norms and what they give, queries, keys and values (each
  /// repeated for every query head), what attention gives, gate and up, and the input of `down`. Where a step's gradient is
  /// libtorch's own, it keeps float32 copies besides: about as much again.
  private static func bytesPerToken(_ model: LanguageModel) -> Int {
    let configuration = model.configuration
    let wide = configuration.headCount * configuration.headDimension
    let numbers = 6 * configuration.hiddenSize + 4 * wide + 3 * configuration.intermediateSize
    let isLean = model.device == .cpu && [.float32, .bfloat16].contains(model.dtype)
    return numbers * model.dtype.size * (isLean ? 1 : 2)
  }

  /// Bytes that a pass over `tokens` keeps if nothing is computed again.
  public func needed(tokens: Int) -> Int { blockCount * bytesPerToken * tokens }

  /// Blocks whose activations a pass over `tokens` keeps, from the last one on down; at least one.
  public func keptBlocks(tokens: Int) -> Int {
    guard let bytes, tokens > 0 else { return blockCount }
    return min(blockCount, max(1, bytes / (bytesPerToken * tokens)))
  }

  /// Half of the memory that is free for the asking, in bytes; nil where the system does not say.
  public static func halfOfFreeMemory() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 / 2 }
  }
}
