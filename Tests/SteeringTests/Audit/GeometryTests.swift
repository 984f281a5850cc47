import Statistics
import Testing
import Torch

@testable import Steering

@Suite("The geometry of a vector")
struct GeometryTests {
  @Test("Cosines and shares are those by hand")
  func cosinesAndSharesAreThoseByHand() throws {
    let geometry = try VectorGeometry(layer: 3, vector: [3, 4, 0])
    let letters = LetterDirection(letters: ["A", "B"], tokens: [5, 6], direction: [2, 0, 0])
    let numbers = try geometry.numbers(letters: letters, profile: nil, auroc: 0.8, centredAUROC: 0.3)
    #expect(numbers.map(\.name) == ["cosine with the answer letters", "share of largest coordinates", "centring"])
    #expect(abs(numbers[0].value - 0.6) < 1e-9)
    #expect(numbers[1].value == 1)
    #expect(
      numbers[2].sentence
        == "With the training mean subtracted the AUROC at layer 3 is 0.300 instead of 0.800: centring turns the "
        + "prediction over.")
    // In three dimensions a cosine of 0.6 is what chance gives: below 3 / sqrt(3).
    #expect(numbers.map(\.isDoubtful) == [false, false, true])
  }

  @Test("A few large coordinates are doubtful")
  func aFewLargeCoordinatesAreDoubtful() throws {
    let vector = [Float](repeating: 0.1, count: 90) + [Float](repeating: 3, count: 10)
    let share = try #require(
      try VectorGeometry(layer: 0, vector: vector).numbers(letters: nil, profile: nil, auroc: nil, centredAUROC: nil)
        .first)
    #expect(abs(share.value - 90 / 90.9) < 1e-6)
    #expect(share.isDoubtful)
  }

  @Test("Profiles hold the fixtures anisotropy and components")
  func profilesHoldTheFixturesAnisotropyAndComponents() throws {
    let fixture = try ProbeFixture.load()
    var options = RecordingAudit.Options()
    options.draws = 20
    let audit = try RecordingAudit(fixture.recording(), at: .prompt, options: options)
    let profile = try #require(audit.profiles[0])
    #expect(abs(try #require(profile.anisotropy) - fixture.anisotropy) < 1e-6)
    // A vector along the first component has all its norm there; ten components of twelve leave little out.
    let first = fixture.components[0].map(Float.init)
    let numbers = try VectorGeometry(layer: 0, vector: first).numbers(
      letters: nil, profile: profile, auroc: nil, centredAUROC: nil)
    let share = try #require(numbers.first { $0.name == "share in the top components" })
    #expect(abs(share.value - 1) < 1e-5)
    #expect(profile.componentShare > fixture.explainedVarianceRatio.reduce(0, +))
  }

  @Test("Differences of pairs are kept in the order of the pairs")
  func differencesOfPairsAreKeptInTheOrderOfThePairs() throws {
    var kept = KeptDifferences(4, width: 2)
    try kept.add(Tensor([30, 31, 10, 11] as [Double], shape: [2, 1, 2]), of: [3, 1])
    try kept.add(Tensor([0, 1, 20, 21] as [Double], shape: [2, 1, 2]), of: [0, 2])
    let tensor = try #require(try kept.inOrder())
    #expect(tensor.shape == [4, 1, 2] && tensor.dtype == .float32)
    #expect(try tensor.doubles() == [0, 1, 10, 11, 20, 21, 30, 31])
    var none = KeptDifferences(4, width: 0)
    try none.add(Tensor([1] as [Double], shape: [1, 1, 1]), of: [0])
    #expect(try none.inOrder() == nil)
  }
}
