import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Blocks split over devices: who gets which, and that the split changes no number.
struct DevicesTests {
  @Test("Lists of devices are read, and anything else is not")
  func listsDevicesRead() {
    #expect(Devices("cpu")?.all == [.cpu] && Devices("cuda:0,cuda:1")?.all == [.cuda(0), .cuda(1)])
    #expect(Devices("cuda,cpu")?.description == "cuda:0,cpu" && Devices("cpu,cpu")?.areCPU == true)
    for wrong in [
      "", "cpu,", ",cpu", "cpu;cpu", "tpu", "cuda:0,tpu", Array(repeating: "cpu", count: 65).joined(separator: ","),
    ] {
      #expect(Devices(wrong) == nil, "\(wrong)")
    }
  }

  private func placement(
    before: Int = 0, _ layers: [Int], after: Int = 0, memory: [Int]
  ) throws(TelltaleError) -> LayerPlacement {
    var configuration = try GeneratedModel.configuration(.tiny)
    configuration.layers = layers.indices.map { _ in configuration.layers[0] }
    var sizes = LayerPlacement.Sizes(configuration, .float32, .dense)
    (sizes.before, sizes.layers, sizes.after) = (before, layers, after)
    return try LayerPlacement(sizes, memory.indices.map { .cuda($0) }, memory: memory)
  }

  @Test("Each device gets the share of the blocks that it has memory for, in their order")
  func eachDeviceGets() throws {
    #expect(try placement([1, 1, 1, 1], memory: [100, 100]).layers == [0, 0, 1, 1])
    #expect(try placement([1, 1, 1, 1], memory: [300, 100]).layers == [0, 0, 0, 1])
    #expect(try placement([1, 1, 1, 1, 1, 1], memory: [100, 200, 300]).layers == [0, 1, 1, 2, 2, 2])
    // The embedding takes half of the first device's share, the head half of the second's.
    let ends = try placement(before: 2, [1, 1, 1, 1], after: 2, memory: [100, 100])
    #expect(ends.layers == [0, 0, 1, 1] && ends.bytes == [4, 4])
    #expect(try placement(before: 4, [1, 1, 1, 1], memory: [100, 100]).layers == [1, 1, 1, 1])
  }

  @Test("Weights beyond the memory of all devices are refused with the numbers")
  func weightsBeyondMemory() {
    let gibibyte = 1 << 30
    let error = #expect(throws: TelltaleError.self) {
      try placement([10 * gibibyte, 10 * gibibyte], memory: [11 * gibibyte, 11 * gibibyte])
    }
    #expect(error?.code == .badInput && error?.message.contains("20.0 GiB") == true)
    #expect(error?.message.contains("cuda:0 9.9, cuda:1 9.9") == true)
  }

  /// Llama 3 70B: the numbers of docs/models.md.
  @Test("A 70B model is planned over two devices of 80 GB, and in 4 bits over one of 48")
  func case70bModelPlannedOverTwoDevices80GB4BitsOverOne48() throws {
    let text = """
      {"architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "rope_theta": 500000, "vocab_size": 128256, \
      "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64, \
      "num_key_value_heads": 8}
      """
    let model = try ModelConfiguration(ConfigurationFile(text: Array(text.utf8), file: "70b"))
    let dense = LayerPlacement.Sizes(model, .bfloat16, .dense)
    #expect(dense.total == 141_107_412_992 && dense.layers.allSatisfy { $0 == 1_711_308_800 })
    let two = try LayerPlacement(dense, [.cuda(0), .cuda(1)], memory: [80_000_000_000, 80_000_000_000])
    #expect(two.layers.filter { $0 == 0 }.count == 40 && two.bytes[0] == two.bytes[1] - 16384)
    let int4 = LayerPlacement.Sizes(model, .bfloat16, .int4)
    #expect(abs(int4.total - 41_200_000_000) < 100_000_000)
    #expect(try LayerPlacement(int4, [.cuda(0)], memory: [48_000_000_000]).layers == Array(repeating: 0, count: 80))
    #expect(throws: TelltaleError.self) { try LayerPlacement(dense, [.cuda(0)], memory: [80_000_000_000]) }
  }

  @Test("A model split over two devices gives what one gives", arguments: GoldenModel.ofEachFamily)
  func modelSplitOver(_ golden: GoldenModel) throws {
    let one = try LanguageModel.load(golden.directory, dtype: .float32)
    let two = try LanguageModel.load(golden.directory, dtype: .float32, device: #require(Devices("cpu,cpu")))
    let batch = PackedBatch(try golden.prompts(golden.golden()))
    let last = one.configuration.layerCount - 1
    let taps = Taps(layers: [0, last])
    let (expected, found) = try (
      one.forward(batch, taps: taps, logits: .all), two.forward(batch, taps: taps, logits: .all)
    )
    #expect(try GoldenModel.distance(#require(found.logits), #require(expected.logits)) == 0)
    #expect(try GoldenModel.distance(#require(found.residuals[last]), #require(expected.residuals[last])) == 0)
  }

  @Test("What attention is given goes along to another device")
  func whatAttentionGiven() throws {
    let model = try LanguageModel.load(Fixtures.file("models/tiny-mistral"), dtype: .float32)
    let plan = try PackedAttention(PackedBatch([Array(1..<40), [5, 6, 7]]), for: model)
    let moved = try plan.moved(to: .cpu)
    #expect(moved.calls == plan.calls && moved.batch.tokens == plan.batch.tokens)
  }
}
