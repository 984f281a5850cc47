import Statistics
import Testing
import Torch

@testable import Steering

@Suite("The probe and the principal components")
struct ProbeTests {
  @Test("Fits are those of scikit learn")
  func fitsAreThoseOfScikitLearn() throws {
    let fixture = try ProbeFixture.load()
    let centred = try fixture.stream() - fixture.stream().mean(0)
    let design = try GroupedProbe.design(centred)
    for fit in fixture.fits {
      let probe = try LogisticProbe(design, fixture.labels, fit.c)
      // The float32 activations differ from the file's by 1e-7, which a weak penalty amplifies.
      expectClose(
        try probe.weights.doubles(), fit.coefficients + [fit.intercept], within: 2e-4, "coefficients for C \(fit.c)")
    }
  }

  @Test("Held out scores are those of scikit learn")
  func heldOutScoresAreThoseOfScikitLearn() throws {
    let fixture = try ProbeFixture.load()
    let centred = try fixture.stream() - fixture.stream().mean(0)
    for fit in fixture.fits {
      let scores = try #require(
        try GroupedProbe.heldOutScores(centred, labels: fixture.labels, foldOfRow: fixture.folds, penalties: [fit.c]))
      expectClose(scores, fit.heldOut, within: 2e-3, "held-out log-odds for C \(fit.c)")
      expectClose(
        [try #require(Measures.auroc(scores: scores, labels: fixture.labels))], [fit.heldOutAUROC], within: 1e-12)
    }
  }

  @Test("Components are those of scikit learn")
  func componentsAreThoseOfScikitLearn() throws {
    let fixture = try ProbeFixture.load()
    let centred = try fixture.stream() - fixture.stream().mean(0)
    let principal = try components(centred, 3)
    let held = try principal.scores.doubles()
    for component in 0..<3 {
      let squares = stride(from: component, to: held.count, by: 3).reduce(0) { $0 + held[$1] * held[$1] }
      expectClose([squares / principal.totalSquares], [fixture.explainedVarianceRatio[component]], within: 1e-5)
      let direction = try principal.directions.narrowed(1, component..<component + 1).reshaped([-1]).doubles()
      let expected = fixture.components[component]
      let sign = direction[0] * expected[0] < 0 ? -1.0 : 1
      expectClose(direction, expected.map { sign * $0 }, within: 1e-4, "component \(component)")
    }
  }

  @Test("Subspace iteration finds the components that the exact way finds")
  func subspaceIterationFindsTheComponentsThatTheExactWayFinds() throws {
    // Ten strong directions among 600 rows of width 700: the quick way, compared with the covariance's eigenvectors.
    let strong = try Tensor.randomNormal([600, 10], seed: 1).matmul(Tensor.randomNormal([10, 700], seed: 2))
    let rows = try strong + Tensor.randomNormal([600, 700], seed: 3) * 0.5
    let centred = try rows - rows.mean(0)
    let quick = try components(centred, 10)
    let wide = try centred.converted(to: .float64)
    let exact = try wide.transposed(0, 1).matmul(wide).eigenSymmetric().values.doubles().suffix(10).reduce(0, +)
    let held = try (quick.scores * quick.scores).sum().scalar()
    #expect(abs(held / exact - 1) < 1e-4)
  }

  private func components(_ centred: Tensor, _ count: Int) throws -> PrincipalComponents {
    try PrincipalComponents(
      centred: centred, gram: centred.matmul(centred.transposed(0, 1)), count: count, seed: 0)
  }

  @Test("No group is in two folds")
  func noGroupIsInTwoFolds() {
    let groups = (0..<53).map { "question \($0 % 17)" }
    let folds = GroupedProbe.folds(groups, seed: 4)
    for group in Set(groups) {
      #expect(Set(groups.indices.filter { groups[$0] == group }.map { folds[$0] }).count == 1)
    }
    let sizes = Dictionary(grouping: Set(zip(groups, folds).map { "\($0) \($1)" }), by: { $0.last }).values.map(\.count)
    #expect(sizes.sorted() == [3, 3, 3, 4, 4])
    #expect(GroupedProbe.folds(groups, seed: 4) == folds && GroupedProbe.folds(groups, seed: 5) != folds)
  }

  @Test("A probe reads what is there and nothing else")
  func aProbeReadsWhatIsThereAndNothingElse() throws {
    let labels = (0..<400).map { $0 / 3 % 2 }
    let groups = (0..<400).map { "question \($0 / 8)" }
    let noise = try Tensor.randomNormal([400, 30], seed: 5)
    let unrelated = try #require(try GroupedProbe.heldOutScores(noise, labels: labels, groups: groups, seed: 6))
    #expect(abs(try #require(Measures.auroc(scores: unrelated, labels: labels)) - 0.5) < 0.1)
    let signal = try noise + Tensor(labels.map { Float($0) * 1.5 }).unsqueezed(1) * Tensor.randomNormal([30], seed: 7)
    let read = try #require(try GroupedProbe.heldOutScores(signal, labels: labels, groups: groups, seed: 6))
    #expect(try #require(Measures.auroc(scores: read, labels: labels)) > 0.97)
  }

  @Test("One group or one class has no probe")
  func oneGroupOrOneClassHasNoProbe() throws {
    let noise = try Tensor.randomNormal([20, 3], seed: 8)
    let labels = (0..<20).map { $0 % 2 }
    #expect(try GroupedProbe.heldOutScores(noise, labels: labels, groups: labels.map { _ in "x" }, seed: 0) == nil)
    let pure = labels.map { "question \($0)" }
    #expect(try GroupedProbe.heldOutScores(noise, labels: labels, groups: pure, seed: 0) == nil)
  }

  @Test("Separable activations have a finite fit")
  func separableActivationsHaveAFiniteFit() throws {
    let labels = (0..<40).map { $0 % 2 }
    let scores = try Tensor(labels.map { Float($0) }, shape: [40, 1])
    let probe = try LogisticProbe(GroupedProbe.design(scores), labels, 1_000)
    #expect(try probe.weights.isFinite().all())
  }
}
