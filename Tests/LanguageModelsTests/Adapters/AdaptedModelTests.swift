import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite struct AdaptedModelTests {
  private static let shared = "models/tiny-llama-lora"

  @Test("An update adds scale times B A x, as by hand")
  func updateAddsScale() throws {
    // A x = [1*1 + 2*3, 0*1 + 1*3] = [7, 3]; B A x = [7, 7 - 3] = [7, 4]; twice that on [10, 20].
    let update = LowRankUpdate(
      a: try Tensor([1, 2, 0, 1] as [Float], shape: [2, 2]), b: try Tensor([1, 0, 1, -1] as [Float], shape: [2, 2]),
      scale: 2, dropout: nil)
    let sum = try update.added(
      to: Tensor([10, 20] as [Float], shape: [1, 2]), Tensor([1, 3] as [Float], shape: [1, 2]))
    #expect(try sum.floats() == [24, 28])
  }

  @Test("Dropout leaves out the same elements for the same seed and scales the others up")
  func dropoutLeavesOut() throws {
    let identity = try Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])
    func added(seed: UInt64) throws -> [Float] {
      let update = LowRankUpdate(a: identity, b: identity, scale: 1, dropout: .init(probability: 0.5, seed: seed))
      return try update.added(to: Tensor.zeros([64, 2]), Tensor.ones([64, 2])).floats()
    }
    let first = try added(seed: 1)
    #expect(Set(first) == [0, 2])
    #expect(try added(seed: 1) == first)
    #expect(try added(seed: 2) != first)
  }

  @Test("Logits of tiny-llama under its adapter are PEFT's", .enabled(if: Fixtures.hasShared(shared)))
  func logitsTinyLlama() throws {
    let folder = Fixtures.shared(Self.shared)
    let golden = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    let model = try AdapterSupport.model("tiny-llama").adapted(by: LoRAAdapter(directory: folder))
    for prompt in 0..<6 {
      let ids = try golden.tensor("prompt.\(prompt).ids").integers()
      let distance = try GoldenModel.distance(
        AdapterSupport.logits(model, ids), golden.tensor("prompt.\(prompt).logits"))
      #expect(distance < 5e-4, "prompt \(prompt)")
    }
  }

  @Test(
    "Logits of every module, of patterns and of some layers are PEFT's",
    arguments: [("tiny-mistral", "mistral-all-linear"), ("tiny-qwen2", "qwen2-some-layers")])
  func logitsEveryModule(_ base: String, _ adapter: String) throws {
    let folder = AdapterSupport.fixture(adapter)
    let golden = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    let plain = try AdapterSupport.model(base)
    let ids = try golden.tensor("ids").integers()
    let expected = try golden.tensor("logits")
    let adapted = try AdapterSupport.logits(plain.adapted(by: LoRAAdapter(directory: folder)), ids)
    #expect(try GoldenModel.distance(adapted, expected) < 5e-4)
    #expect(try GoldenModel.distance(AdapterSupport.logits(plain, ids), expected) > 0.1, "the adapter does something")
  }

  @Test("Merged weights give the adapted logits, and the base stays as it was")
  func mergedWeightsGive() throws {
    let model = try AdapterSupport.model("tiny-mistral")
    let adapter = try LoRAAdapter(directory: AdapterSupport.fixture("mistral-all-linear"))
    let ids = Array(5..<40)
    let before = try AdapterSupport.logits(model, ids)
    let adapted = try AdapterSupport.logits(model.adapted(by: adapter), ids)
    let merged = try AdapterSupport.logits(model.merged(with: adapter), ids)
    #expect(try GoldenModel.distance(adapted, merged) < 5e-4)
    #expect(try GoldenModel.distance(AdapterSupport.logits(model, ids), before) == 0)
  }

  @Test("A new adapter changes nothing")
  func newAdapterChanges() throws {
    let model = try AdapterSupport.model("tiny-llama")
    let adapter = try LoRAAdapter.initial(LoRAConfiguration(), for: model.configuration, seed: 3)
    let ids = Array(5..<20)
    let distance = try GoldenModel.distance(
      AdapterSupport.logits(model.adapted(by: adapter), ids), AdapterSupport.logits(model, ids))
    #expect(distance == 0)
    let bound = Float(1 / Double(64).squareRoot())
    let a = try #require(adapter.factors[AdapterPlace(layer: 0, .query)]?.a)
    #expect(try a.floats().allSatisfy { abs($0) <= bound })
    #expect(try a.floats().contains { abs($0) > bound / 2 })
  }

  @Test("A loaded model under an adapter has another fingerprint and name than its base")
  func loadedModelUnder() throws {
    let path = Fixtures.file("models/tiny-mistral").path
    let folder = AdapterSupport.fixture("mistral-all-linear")
    let base = try LoadedModel(path)
    let adapted = try LoadedModel(path, adapter: folder)
    #expect(adapted.fingerprint != base.fingerprint)
    #expect(adapted.fingerprint == (try LoadedModel(path, adapter: folder).fingerprint))
    #expect(adapted.name == "\(path) + mistral-all-linear")
    #expect(adapted.model.isAdapted && !base.model.isAdapted)
  }

  @Test("An adapter of another model, and a second one, are refused")
  func adapterAnotherModel() throws {
    let adapter = try LoRAAdapter(directory: AdapterSupport.fixture("mistral-all-linear"))
    let other = try AdapterSupport.model("tiny-llama3")
    #expect(try refusal { try other.adapted(by: adapter) }.description.contains("of another model"))
    let once = try AdapterSupport.model("tiny-mistral").adapted(by: adapter)
    #expect(try refusal { try once.adapted(by: adapter) }.description.contains("merge that one first"))
  }
}
