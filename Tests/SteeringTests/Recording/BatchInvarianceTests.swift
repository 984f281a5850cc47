import Foundation
import LanguageModels
import Organisms
import TestSupport
import Testing
import Torch

@testable import Steering

/// The same rows recorded together, one by one, and in chunks of several sizes: bit by bit the same in float32.
@Suite struct BatchInvarianceTests {
  private func record(
    _ loaded: LoadedModel, _ items: [Item], chunk: Int, tokenBudget: Int = 4096
  ) throws -> Recording {
    var options = Recorder.Options(layers: Array(0..<loaded.model.configuration.layerCount))
    options.maxTokens = 5
    options.tokenBudget = tokenBudget
    let recorder = try Recorder(loaded, .plain(loaded.tokenizer), options)
    let parts = try stride(from: 0, to: items.count, by: chunk).map {
      try recorder.record(Array(items[$0..<min(items.count, $0 + chunk)]))
    }
    return try Recording.joined(parts)
  }

  private func bytes(_ recording: Recording) throws -> [ReadPosition: [UInt32]] {
    try recording.activations.mapValues { try $0.floats().map(\.bitPattern) }
  }

  private func expectEqual(_ a: Recording, _ b: Recording, _ what: Comment) throws {
    #expect(a.rows == b.rows, what)
    #expect(try bytes(a) == bytes(b), what)
  }

  static let models = TinyModel.names + ["organism-split"]

  @Test("Tokens, margins and activations do not depend on the chunk size or the token budget", arguments: models)
  func rowsStandAlone(_ name: String) throws {
    let isOrganism = name.hasPrefix("organism")
    let plain = try isOrganism ? LoadedModel(name, dtype: .float32) : TinyModel.load(name)
    let items =
      try isOrganism
      ? Array(OrganismWorld.items(.facts, count: 24, seed: 3)) : Array(fixtureItems("political.jsonl").prefix(15))
    let loaded = plain.batchInvariant()
    let whole = try record(loaded, items, chunk: items.count)
    try expectEqual(record(loaded, items, chunk: 1), whole, "chunks of 1")
    try expectEqual(record(loaded, items, chunk: 7), whole, "chunks of 7")
    try expectEqual(record(loaded, items, chunk: items.count, tokenBudget: 150), whole, "a budget of 150 tokens")
    // The other arithmetic is as accurate: what differs is the order of sums.
    let usual = try record(plain, items, chunk: items.count)
    #expect(usual.rows.map(\.continuation) == whole.rows.map(\.continuation))
    let prompt = ReadPosition.prompt
    let difference = try #require(usual.activations[prompt]) - #require(whole.activations[prompt])
    #expect(try difference.absolute().max().scalar() < 1e-3)
  }

  @Test("Without it, rows computed alone are rounded otherwise: the reason it exists")
  func usualProductsDepend() throws {
    let plain = try LoadedModel("organism-split", dtype: .float32)
    let items = try OrganismWorld.items(.facts, count: 24, seed: 3)
    let whole = try record(plain, items, chunk: items.count)
    #expect(try bytes(record(plain, items, chunk: 1)) != bytes(whole))
  }

  @Test("A product in blocks has rows that do not depend on their number, and equals the whole product")
  func blocksOfRows() throws {
    let weight = try Tensor.randomNormal([96, 40], seed: 1)
    let bias = try Tensor.randomNormal([96], seed: 2)
    let x = try Tensor.randomNormal([75, 40], seed: 3)
    let whole = try x.linear(weight, bias: bias, rowBlock: 48)
    #expect(try (whole - x.linear(weight, bias: bias)).absolute().max().scalar() < 1e-4)
    for range in [0..<1, 5..<7, 30..<64, 3..<75] {
      let part = try x.narrowed(0, range).linear(weight, bias: bias, rowBlock: 48)
      #expect(try part.floats() == whole.narrowed(0, range).floats(), "\(range)")
    }
    let cube = try x.reshaped([3, 25, 40]).linear(weight, rowBlock: 24)
    #expect(cube.shape == [3, 25, 96])
  }
}
