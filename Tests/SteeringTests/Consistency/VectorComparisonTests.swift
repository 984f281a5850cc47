import Foundation
import Foundations
import Statistics
import TestSupport
import Testing
import Torch

@testable import Steering

@Suite("Vectors compared: their pairs, curves, matrices, use")
struct VectorComparisonTests {
  private let simulation = Simulation(reliability: 0.9, questions: 32, dimension: 40)

  private func vector(_ name: String, seed: UInt64, axis: Int = 0) throws -> ComparedVector {
    try ComparedVector(name, mean: simulation.draw(seed: seed, direction: axis), read: "prompt")
  }

  @Test("Differences keep their questions in the file and are found next to the vector")
  func differencesKeepTheirQuestionsInTheFileAndAreFoundBesideTheVector() throws {
    let folder = try ScratchFolder()
    let own = try vector("v", seed: 1)
    let url = folder.url.appending(path: "v.safetensors")
    try own.vectors.write(to: url)
    #expect(try ComparedVector(contentsOf: url).pairs == nil)
    try own.pairs?.write(to: PairDifferences.url(beside: url))
    let read = try ComparedVector(contentsOf: url)
    #expect(read.name == "v" && read.notes.isEmpty && read.pairs?.groups == own.pairs?.groups)
    #expect(try folder.names() == ["v.differences.safetensors", "v.safetensors"])
  }

  @Test("Differences of another vector are not used and the reader is told")
  func differencesOfAnotherVectorAreNotUsedAndTheReaderIsTold() throws {
    let other = try simulation.draw(seed: 2, direction: 1)
    let wrong = try ComparedVector(name: "v", vectors: vector("v", seed: 1).vectors, pairs: other)
    #expect(
      wrong.pairs == nil
        && wrong.notes == ["the differences of v are not used: their mean at layer 0 is not the vector"])
    var stated = try vector("v", seed: 1).vectors
    stated.provenance.pairs = 5
    #expect(
      try ComparedVector(name: "v", vectors: stated, pairs: other).notes[0].contains("32 pairs and the vector of 5"))
  }

  @Test("A file of differences with too few questions is refused")
  func aFileOfDifferencesWithTooFewQuestionsIsRefused() throws {
    let folder = try ScratchFolder()
    let url = folder.url.appending(path: "v.differences.safetensors")
    try SafetensorsFile.write(
      ["differences": .ones([2, 1, 3])], metadata: ["layers": "0", "groups": "[\"a\"]"], to: url)
    #expect(throws: TelltaleError.self) { try PairDifferences(contentsOf: url) }
  }

  @Test("Halves share no question and their pairs are all of them")
  func halvesShareNoQuestionAndTheirPairsAreAllOfThem() throws {
    let whole = try vector("v", seed: 3)
    let (a, b) = try #require(try whole.halves(seed: 1))
    #expect(a.groups.isDisjoint(with: b.groups) && a.groups.union(b.groups) == whole.groups)
    #expect(a.pairs?.differences.size(0) == 16 && b.pairs?.differences.size(0) == 16)
  }

  @Test("The learning curve follows spearman brown")
  func theLearningCurveFollowsSpearmanBrown() throws {
    let simulation = Simulation(reliability: 0.8, questions: 32, dimension: 200)
    let curve = try LearningCurve(simulation.draw(seed: 4, direction: 0), layer: 0, draws: 200, seed: 1)
    #expect(curve.points.map(\.units) == [1, 2, 4, 8, 16] && curve.points.map(\.pairs) == [1, 2, 4, 8, 16])
    #expect(abs((curve.reliability ?? 0) - 0.8) < 0.05)
    for point in curve.points {
      #expect(abs((point.cosine ?? 0) - (point.expected ?? 1)) < 0.04, "\(point)")
    }
    // R(1) = R / (R + 32 (1 - R)).
    let whole = try #require(curve.reliability)
    #expect(abs((curve.points[0].reliability ?? 0) - whole / (whole + 32 * (1 - whole))) < 1e-12)
    #expect(LearningCurve.sizes(1) == [] && LearningCurve.sizes(3) == [1] && LearningCurve.sizes(10) == [1, 2, 4, 5])
  }

  @Test("The matrix puts vectors of one direction next to each other")
  func theMatrixPutsVectorsOfOneDirectionBesideEachOther() throws {
    let vectors = try [("a", 1, 0), ("b", 2, 1), ("c", 3, 0), ("d", 4, 1)].map {
      try vector($0.0, seed: UInt64($0.1), axis: $0.2)
    }
    let matrix = try #require(try SimilarityMatrix.all(vectors, options: .init()).first)
    let order = matrix.order.map { matrix.names[$0] }
    #expect([["a", "c"], ["b", "d"]].contains(order.prefix(2).sorted()))
    #expect(matrix.evidence[[0, 2]]?.verdict == .agree && matrix.evidence[[0, 1]]?.verdict == .apart)
    #expect(matrix.cosines[0][0] == 1 && matrix.cosines[1][2] == matrix.cosines[2][1])
  }

  @Test("Vectors of other widths or layers are refused")
  func vectorsOfOtherWidthsOrLayersAreRefused() throws {
    let narrow = try ComparedVector(
      "n", mean: Simulation(reliability: 0.9, questions: 6, dimension: 3).draw(seed: 1, direction: 0))
    #expect(throws: TelltaleError.self) { try VectorComparison(vector("v", seed: 1), narrow) }
    var elsewhere = try vector("w", seed: 1).vectors
    elsewhere.layers = [4: elsewhere.layers[0] ?? []]
    let moved = try ComparedVector(name: "w", vectors: elsewhere)
    #expect(throws: TelltaleError.self) { try VectorComparison(vector("v", seed: 1), moved) }
  }

  // MARK: Use

  private func row(_ index: Int, group: String) -> RecordedRow {
    RecordedRow(
      id: "r#\(index)", group: group, question: "Q\(index)", source: "r", row: index, prompt: "", continuation: "",
      end: "stop", labelSource: .reference, promptTokens: 1, promptToken: 0, promptTokenText: "")
  }

  private func placed(_ values: [[Double]], order: [Int]) throws -> PlacedRecording {
    let stream = try Tensor(order.flatMap { values[$0] }, shape: [order.count, 1, values[0].count]).converted(
      to: .float32)
    let rows = order.map { row($0, group: $0 == 0 ? "q0" : "held-out \($0)") }
    return try PlacedRecording(
      name: "r", recording: Recording(rows: rows, layers: [0], activations: [.prompt: stream]), read: nil, vector: nil)
  }

  private func plain(_ name: String, _ numbers: [Float]) throws -> ComparedVector {
    try ComparedVector(name: name, vectors: SteeringVectors(layers: [0: numbers], provenance: VectorProvenance()))
  }

  @Test("Projections are ranked over the same prompts in any order, also for models of other widths")
  func projectionsAreRankedOverTheSamePromptsWhateverTheirOrderAndTheModelsWidth() throws {
    let narrow = try placed([[1, 9], [2, 9], [3, 9], [4, 9]], order: [0, 1, 2, 3])
    let wide = try placed([[0, 0, 1], [0, 0, 2], [0, 0, 9], [0, 0, 3]], order: [3, 1, 0, 2])
    let agreement = try FunctionalAgreement.projections(
      plain("a", [2, 0]), narrow, plain("b", [0, 0, 1]), wide, layer: 0)
    // Ranks 1 2 3 4 against 1 2 4 3: rho = 1 - 6 * 2 / (4 * 15).
    #expect(abs((agreement.spearman ?? 0) - 0.8) < 1e-12)
    #expect(agreement.rows == 4 && agreement.groups == 4 && agreement.leftOut == 0)
  }

  @Test("Prompts of a question that the vector was made of are left out")
  func promptsOfAQuestionThatTheVectorWasMadeOfAreLeftOut() throws {
    let trained = try ComparedVector(
      "t", mean: Simulation(reliability: 0.9, questions: 6, dimension: 2).draw(seed: 1, direction: 0))
    let recording = try placed([[9, 0], [2, 9], [3, 9], [4, 9]], order: [0, 1, 2, 3])
    let agreement = try FunctionalAgreement.projections(trained, recording, trained, recording, layer: 0)
    #expect(agreement.rows == 3 && agreement.leftOut == 1)
    #expect(abs((agreement.spearman ?? 0) - 1) < 1e-12)
  }

  @Test("Recordings without common prompts are refused")
  func recordingsWithoutCommonPromptsAreRefused() throws {
    let few = try placed([[1, 2], [2, 3], [3, 5]], order: [0, 1, 2])
    #expect(throws: TelltaleError.self) { try RecordingAlignment(few, few) }
  }

  @Test("Slopes are matched by item layer and positions")
  func slopesAreMatchedByItemLayerAndPositions() throws {
    let folder = try ScratchFolder()
    let header = "distribution,id,group,letter,layer,edit_positions,slope\n"
    let a = try folder.write(
      header + "in,x,g,A,2,all,1\nin,y,g,A,2,all,2\nin,z,h,A,2,all,3\nin,x,g,A,3,all,0\n", to: "a.csv")
    let b = try folder.write(header + "in,z,h,A,2,all,5\nin,y,g,A,2,all,7\nin,x,g,A,2,all,1\n", to: "b.csv")
    let cells = try SlopeAgreement(a, b).cells
    #expect(cells.count == 1 && cells[0].layer == 2 && cells[0].agreement.rows == 3 && cells[0].agreement.groups == 2)
    #expect(abs((cells[0].agreement.spearman ?? 0) - 0.5) < 1e-12)
    let twice = try folder.write(header + "in,x,g,A,2,all,1\nin,x,g,A,2,all,2\n", to: "twice.csv")
    #expect(throws: TelltaleError.self) { try SlopeAgreement(a, twice) }
    let other = try folder.write(header + "in,x,g,A,9,all,1\n", to: "other.csv")
    #expect(throws: TelltaleError.self) { try SlopeAgreement(a, other) }
  }
}
