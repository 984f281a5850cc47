import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Vector arithmetic by hand.
@Suite struct VectorArithmeticTests {
  private func vectors(
    _ layers: [Int: [Float]], file: String = "v.safetensors", model: String? = "m", norms: [Int: Double] = [:]
  ) -> SteeringVectors {
    var provenance = VectorProvenance()
    (provenance.file, provenance.modelFingerprint, provenance.residualNorms) = (file, model, norms)
    (provenance.contrast, provenance.estimator) = ("answers", "mean")
    provenance.data = "quiz.jsonl"
    return SteeringVectors(layers: layers, provenance: provenance)
  }

  private func combine(
    _ operation: VectorOperation, _ inputs: [[Float]], unit: Bool = false, scale: Double = 1
  ) throws -> [Float] {
    var arithmetic = VectorArithmetic(operation)
    (arithmetic.unit, arithmetic.scale) = (unit, scale)
    return try arithmetic.combine(inputs.map { vectors([2: $0]) }).vector(2)
  }

  @Test("Sum, difference and average of (3, 4) and (0, 2), raw and of unit vectors, and scaled")
  func byHand() throws {
    let inputs: [[Float]] = [[3, 4], [0, 2]]
    #expect(try combine(.add, inputs) == [3, 6])
    #expect(try combine(.subtract, inputs) == [3, 2])
    #expect(try combine(.average, inputs) == [1.5, 3])
    #expect(try distance(combine(.average, inputs, unit: true), [0.3, 0.9]) < 1e-7)
    #expect(try distance(combine(.subtract, inputs, unit: true, scale: -10), [-6, 2]) < 1e-6)
    #expect(try combine(.add, [[3, 4]], scale: 2) == [6, 8])
  }

  @Test("Orthogonalised against others, nothing of their span is left, and what is left is the rest")
  func orthogonalise() throws {
    #expect(try distance(combine(.orthogonalise, [[3, 4, 5], [2, 0, 0]]), [0, 4, 5]) < 1e-6)
    // The second and third span the first two coordinates, though neither is orthogonal to the other.
    #expect(try distance(combine(.orthogonalise, [[3, 4, 5], [1, 0, 0], [1, 1, 0]]), [0, 0, 5]) < 1e-6)
    #expect(try distance(combine(.orthogonalise, [[3, 4, 5], [1, 0, 0], [-7, 0, 0]]), [0, 4, 5]) < 1e-6)
  }

  @Test("Only common layers are combined; norms of the stream are averaged, reliabilities not carried over")
  func layersAndProvenance() throws {
    let a = vectors([0: [1, 0], 1: [1, 1]], file: "a.safetensors", norms: [0: 3, 1: 4])
    let b = vectors([1: [0, 2], 2: [1, 0]], file: "dir/b.safetensors", norms: [1: 6])
    let result = try VectorArithmetic(.add).combine([a, b])
    #expect(result.layers == [1: [1, 3]] && result.provenance.residualNorms == [1: 5])
    #expect(result.provenance.reliability.isEmpty && result.provenance.modelFingerprint == "m")
    #expect(
      result.provenance.combined
        == "add a.safetensors (mean over answers of quiz.jsonl), b.safetensors (mean over answers of quiz.jsonl)")
  }

  @Test("What was combined and how stands in the file, and is read from it")
  func storesWhatWasDone() throws {
    let folder = try ScratchFolder()
    let url = folder.url.appending(path: "c.safetensors")
    var result = try VectorArithmetic(.subtract).combine([vectors([0: [1, 2]]), vectors([0: [1, 0]])])
    result.provenance.heldOut = [0: 0.75]
    result.provenance.against = "other"
    try result.write(to: url)
    let read = try SteeringVectors(contentsOf: url).provenance
    #expect(read.combined == result.provenance.combined && read.combined?.hasPrefix("subtract v.safetensors") == true)
    #expect(read.heldOut == [0: 0.75] && read.against == "other")
  }

  @Test("Results that are zero, foreign inputs and lone files are refused in one sentence")
  func refusals() throws {
    func refuse(_ sentence: String, _ operation: VectorOperation, _ inputs: [SteeringVectors]) {
      let text = message { _ = try VectorArithmetic(operation).combine(inputs) }
      #expect(text.contains(sentence) && !text.contains("\n"), "\(text)")
    }
    let own = vectors([0: [1, 2]])
    refuse("nothing is left at layer 0", .subtract, [own, own])
    refuse("nothing is left at layer 0", .orthogonalise, [own, vectors([0: [-2, -4]])])
    refuse("nothing is left at layer 0", .add, [vectors([0: [0, 0]])])
    refuse("at least two vector files", .subtract, [own])
    refuse("no layer in common", .add, [own, vectors([1: [1, 2]])])
    refuse("vectors of width 3", .add, [own, vectors([0: [1, 2, 3]])])
    refuse("another model", .add, [own, vectors([0: [1, 2]], model: "n")])
    #expect(message { _ = try combine(.add, [[1, 2]], scale: 0) }.contains("leaves no vector"))
  }

  @Test("With the answer letters projected out, adding the vector moves A and B alike")
  func projectsLettersOut() throws {
    let loaded = try TinyModel.llama()
    let letters = try LetterDirection(loaded, after: "Answer: (")
    let own = SteeringVectors(
      layers: [1: try Tensor.randomNormal([64], seed: 4).floats()], provenance: VectorProvenance())
    let rest = try own.projectingOut(letters.direction, named: "the letters")
    let product = try zip(rest.vector(1), letters.direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(product) < 1e-5 && rest.norm(1) < own.norm(1) && rest.norm(1) > 0.5 * own.norm(1))
    #expect(rest.provenance.combined == "the letters projected out")
    let along = SteeringVectors(layers: [1: letters.direction], provenance: VectorProvenance())
    #expect(
      message { _ = try along.projectingOut(letters.direction, named: "the letters") }.contains("nothing is left"))
    #expect(message { _ = try own.projectingOut([1, 2], named: "x") }.contains("width 64"))
  }
}
