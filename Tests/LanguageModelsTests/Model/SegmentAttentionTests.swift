import Testing
import Torch

@testable import LanguageModels

/// bfloat16 passes with Telltale's attention kernel and with libtorch's, against transformers' float32 numbers.
@Suite(.enabled(if: Kernel.packAttention.isOwn, "switched off, or a processor with AMX"))
struct SegmentAttentionModelTests {
  /// What transformers' own bfloat16 is allowed to be off, as in `ForwardPassTests`.
  private static let tolerance = 0.2

  static func model(_ golden: GoldenModel, _ kernel: AttentionKernel) throws -> LanguageModel {
    var model = try LanguageModel.load(golden.directory, dtype: .bfloat16)
    model.attentionKernel = kernel
    return model
  }

  @Test("A pass takes the kernel by itself in bfloat16, but not in float32 or where gradients may be recorded")
  func choosesTheKernel() throws {
    let golden = try #require(GoldenModel.all.first)
    let batch = PackedBatch([[1, 2, 3]])
    func kernel(_ dtype: DType, withGradients: Bool) throws -> AttentionKernel {
      AttentionKernel(batch, for: try LanguageModel.load(golden.directory, dtype: dtype), withGradients: withGradients)
    }
    #expect(try kernel(.bfloat16, withGradients: false) == .segments)
    #expect(try kernel(.bfloat16, withGradients: true) == .composed)
    #expect(try kernel(.float32, withGradients: false) == .composed)
  }

  @Test("A pack of all prompts gives transformers' logits with either kernel", arguments: GoldenModel.all)
  func equalsTheReference(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let prompts = try golden.prompts(file)
    let expected = try Tensor.concatenated(prompts.indices.map { try file.tensor("prompt.\($0).logits") })
    let batch = PackedBatch(prompts)
    let exact = try LanguageModel.load(golden.directory, dtype: .float32)
    for kernel in [AttentionKernel.segments, .composed] {
      let model = try Self.model(golden, kernel).holdingExperts(of: exact, batch)
      let logits = try #require(try model.forward(batch, logits: .all).logits)
      #expect(try GoldenModel.meanOverPrompts(logits, expected, prompts) < Self.tolerance, "\(kernel)")
    }
  }

  @Test("Shared prefixes and tokens that are not looked at change no residual stream", arguments: GoldenModel.all)
  func sharesPrefixes(_ golden: GoldenModel) throws {
    let model = try Self.model(golden, .segments)
    let longest = try #require(try golden.prompts(golden.golden()).max { $0.count < $1.count })
    let families = [[longest + [5, 6], longest + [7]], [longest + [10, 11], longest]]
    let sequences = families.flatMap { $0 }
    let last = model.configuration.layerCount - 1
    func ends(_ batch: PackedBatch) -> [Int] {
      sequences.enumerated().map { batch.index(of: $0, position: $1.count - 1) }
    }
    func streams(_ batch: PackedBatch, _ tokens: TokenChoice) throws -> Tensor {
      try #require(try model.forward(batch, taps: Taps(layers: [0, last], tokens: tokens)).residuals[last])
    }
    let batch = PackedBatch(families: families, header: longest.count / 2)
    let few = try streams(batch, .tokens(ends(batch)))
    let all = try streams(batch, .all).selected(0, ends(batch))
    let apart = try streams(PackedBatch(sequences), .all).selected(0, ends(PackedBatch(sequences)))
    // bfloat16 has 8 bits; products of other numbers of rows may be rounded differently.
    let size = try apart.absolute().max().scalar()
    #expect(try GoldenModel.distance(few, all) < 0.03 * size)
    #expect(try GoldenModel.distance(few, apart) < 0.03 * size)
  }
}
