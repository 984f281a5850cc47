import Testing
import Torch

@testable import LanguageModels

/// The way packs take on a GPU, computed on the CPU: what to gather and where sequences begin is the same there.
@Suite struct VarlenAttentionTests {
  static func model(_ golden: GoldenModel) throws -> LanguageModel {
    var model = try LanguageModel.load(golden.directory, dtype: .float32)
    model.attentionKernel = .varlen
    return model
  }

  @Test("A pack of all prompts gives transformers' logits", arguments: GoldenModel.all)
  func equalsTheReference(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let model = try Self.model(golden)
    let prompts = try golden.prompts(file)
    let logits = try #require(try model.forward(PackedBatch(prompts), logits: .all).logits)
    let expected = try Tensor.concatenated(prompts.indices.map { try file.tensor("prompt.\($0).logits") })
    #expect(try GoldenModel.distance(logits, expected) < golden.logitTolerance)
  }

  @Test("Prefixes shared on three levels give the logits of each sequence alone", arguments: GoldenModel.all)
  func sharesPrefixes(_ golden: GoldenModel) throws {
    let longest = try #require(try golden.prompts(golden.golden()).max { $0.count < $1.count })
    let families = [
      [longest + [5, 6], longest + [7], longest + [7, 8, 9]], [longest + [10, 11], longest + [10, 11, 12], longest],
    ]
    let batch = PackedBatch(families: families, header: longest.count / 2)
    let sequences = families.flatMap { $0 }
    let places = sequences.enumerated().flatMap { index, sequence in
      sequence.indices.map { batch.index(of: index, position: $0) }
    }
    let shared = try #require(try Self.model(golden).forward(batch, logits: .tokens(places)).logits)
    let plain = try LanguageModel.load(golden.directory, dtype: .float32)
    let expected = try #require(try plain.forward(PackedBatch(sequences), logits: .all).logits)
    #expect(try GoldenModel.distance(shared, expected) < golden.logitTolerance)
  }

  @Test("Continuations are transformers' greedy tokens", arguments: GoldenModel.all)
  func fillsTheCache(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let prompts = try golden.prompts(file)
    let generations = try Generator.generate(
      Self.model(golden), prompts: prompts, options: GenerationOptions(maxTokens: 24))
    for (index, generation) in generations.enumerated() {
      #expect(try generation.tokens == file.tensor("prompt.\(index).greedy").integers())
    }
  }

  @Test("A fused kernel is meant for a GPU alone, and in float32 only where no window cuts a sequence")
  func choosesTheKernel() {
    func isFused(_ dtype: DType, _ device: Device, windows: Set<Int?> = [nil]) -> Bool {
      VarlenAttention.isFused(dtype: dtype, device: device, headDimension: 128, windows: windows, longest: 300)
    }
    #expect(!isFused(.bfloat16, .cpu) && isFused(.bfloat16, .cuda(0)) && isFused(.float32, .cuda(0)))
    #expect(isFused(.bfloat16, .cuda(0), windows: [16]) && !isFused(.float32, .cuda(0), windows: [16]))
    #expect(isFused(.float32, .cuda(0), windows: [4096, nil]) && !isFused(.float64, .cuda(0)))
  }
}
