import Foundation
import Statistics
import Testing

@testable import Steering
@testable import TelltaleCLI

/// The last line of a command says what was found.
struct ConclusionTests {
  @Test("An unreliable vector is called so, with the number of questions")
  func unreliable() {
    #expect(
      Conclusion.reliability([0: 0.12, 1: 0.41, 2: 0.3], questions: 17)
        == "No layer is reliable: at most 0.41, at layer 1, where 0.7 is the usual floor; 17 questions are few.")
    #expect(
      Conclusion.reliability([:], questions: 1)
        == "How reliable the vector is cannot be said: 1 question has no halves to compare.")
  }

  @Test("Reliable layers are named as ranges, with the best")
  func reliable() {
    #expect(
      Conclusion.reliability([0: 0.1, 1: 0.71, 2: 0.8, 3: 0.2, 4: 0.93], questions: 40)
        == "Reliable at layers 1-2, 4 (0.7 and more), most at layer 4 (0.93).")
    #expect(
      Conclusion.reliability([0: 0.9, 1: 0.95], questions: 40)
        == "All layers are reliable (0.7 and more), most at layer 1 (0.95).")
    #expect(Conclusion.written([7]) == "layer 7" && Conclusion.written([9, 3, 4]) == "layers 3-4, 9")
  }

  private func response(_ layer: Int, _ slopes: [Double]) -> DoseResponse {
    let groups = slopes.indices.map(String.init)
    return DoseResponse(
      layer: layer, positions: "all", scales: [-1, 0, 1], slopes: slopes, slope: Estimate(slopes, groups: groups),
      antiSteerable: Estimate(slopes.map { $0 < 0 ? 1 : 0 }, groups: groups, proportion: true))
  }

  @Test("A sweep says which layer steers, or that none does")
  func sweep() {
    let groups = (0..<8).map(String.init)
    let weak = response(0, [1, -1, 1, -1, 1, -1, 1, -0.9])
    let strong = response(3, [1, 1.1, 0.9, 1, 1.2, 0.8, 1, -0.1])
    #expect(
      Conclusion.sweep([weak], groups: groups)
        == "No layer steers: the largest slope is +0.0125 nats per unit of scale, at layer 0 (all), and no interval excludes 0."
    )
    #expect(
      Conclusion.sweep([weak, strong], groups: groups)
        == "Layer 3 (all) steers most, towards the behaviour: +0.863 nats per unit of scale; 12 % of the items move the other "
        + "way, corrected for 2 looks.")
    #expect(Conclusion.sweep([], groups: []) == "No layer was steered.")
  }
}
