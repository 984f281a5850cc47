import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// The logit lens against the model's own head.
@Suite struct LogitLensTests {
  @Test("The last block's output gives the model's logits, less their mean", arguments: GoldenModel.ofEachFamily)
  func equalsTheHead(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    var logits = try file.tensor("prompt.2.logits")
    // What a layer norm's bias adds is the same for all streams, and left out.
    if let bias = model.weights["model.norm.bias"] { logits = try logits - bias.linear(model.head.numbers()) }
    let found = try LogitLens(model).logits(file.tensor("prompt.2.last_block_output"))
    #expect(try GoldenModel.distance(found, logits - logits.mean(-1, keep: true)) < 1e-3)
  }

  @Test("The length of a vector does not matter through the final norm, and matters without it")
  func scaling() throws {
    let model = try LanguageModel.load(Fixtures.file("models/tiny-llama"), dtype: .float32)
    let vector = try Tensor.randomNormal([1, 64], seed: 1)
    let lens = LogitLens(model)
    #expect(try GoldenModel.distance(lens.logits(vector), lens.logits(vector * 1000)) < 1e-4)
    #expect(try lens.logits(vector * 0).absolute().max().scalar() == 0)
    let raw = LogitLens(model, norm: .none)
    #expect(try GoldenModel.distance(raw.logits(vector) * 10, raw.logits(vector * 10)) < 1e-4)
  }

  @Test(
    "The readout of two tokens is the direction whose product is their difference of logits",
    arguments: GoldenModel.ofEachFamily.filter { $0.description != "tiny-gemma2" })
  func readout(_ golden: GoldenModel) throws {
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let stream = try Tensor.randomNormal([1, 64], seed: 2)
    for norm in LogitLens.Norm.allCases {
      let lens = LogitLens(model, norm: norm)
      let logits = try lens.logits(stream).floats()
      // A layer norm divides by the standard deviation.
      let centred = try model.configuration.norm == .layer ? stream - stream.mean() : stream
      let rootMeanSquare = norm == .final ? try centred.power(2).mean().squareRoot().scalar() : 1
      let product = zip(try stream.floats(), try lens.readout(7, minus: 300)).reduce(0) { $0 + Double($1.0) * $1.1 }
      #expect(abs(product / rootMeanSquare - Double(logits[7] - logits[300])) < 1e-4)
    }
  }
}
