import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

@Suite("Memory: exhaustion and leaks")
struct MemoryTests {
  let matrix: Tensor

  init() throws { matrix = try Tensor.randomNormal([3, 3], seed: 1) }

  @Test("Too large an allocation is out of memory, and the process goes on")
  func exhaustion() throws {
    let quadrillion = 1_000_000_000_000_000
    let text = expectError(.outOfMemory) { try Tensor.zeros([quadrillion]) }
    #expect(text.contains("memory"))
    expectError(.outOfMemory) { try Tensor.full([quadrillion / 1000, 1000], 1, dtype: .float64) }
    expectError(.outOfMemory) { try Tensor.range(0..<quadrillion) }
    expectError(.outOfMemory) { try Tensor.randomNormal([quadrillion], seed: 1) }
    let expanded = try Tensor.ones([1]).expanded([quadrillion])
    expectError(.outOfMemory) { try expanded.copy() }
    expectError(.outOfMemory) { try expanded.contiguous() }
    expectError(.outOfMemory) { try expanded.floats() }
    expectError(.outOfMemory) { try expanded.doubles() }
    expectError(.outOfMemory) { try expanded.withBytes { $0.count } }
    expectError(.outOfMemory) { try expanded + expanded.converted(to: .float32) }
    #expect(try (matrix - matrix).sum().scalar() == 0)
  }

  @Test("A number of bytes that no integer holds is an error too")
  func overflow() {
    for shape in [[Int.max], [Int.max, Int.max], [1 << 40, 1 << 40]] {
      #expect(throws: TelltaleError.self) { try Tensor.zeros(shape) }
    }
    expectError(.invalidArgument) { try Tensor.zeros([-1]) }
  }

  @Test("The count of live tensors follows a tensor's life")
  func counting() throws {
    let before = Runtime.liveTensorCountOfThread
    var tensor: Tensor? = try matrix * 2
    #expect(Runtime.liveTensorCountOfThread == before + 1)
    let view = try tensor?.reshaped([9])
    #expect(Runtime.liveTensorCountOfThread == before + 2 && Runtime.liveTensorCount >= 2)
    tensor = nil
    #expect(Runtime.liveTensorCountOfThread == before + 1)
    #expect(view?.count == 9)
  }

  @Test("Operations, their errors and pairs of results leave no tensor behind")
  func operations() throws {
    try expectNoTensorLeak {
      _ = try (matrix + matrix * 2).softmax(1).floats()
      _ = try matrix[0]
      _ = try Tensor.concatenated([matrix, matrix]).selected(0, [0, 1])
      _ = try matrix.withBytes { $0.count }
      _ = try matrix.copy().writeInPlace(0, start: 0, matrix)
      _ = try matrix.attentionShaped().attention(matrix.attentionShaped(), matrix.attentionShaped(), scale: 1)
    }
    try expectNoTensorLeak {
      _ = try matrix.sorted(0)
      _ = try matrix.top(2, 1).values
      _ = try matrix.singularValues().u
      _ = try (matrix + matrix.transposed(0, 1)).eigenSymmetric()
    }
    expectNoTensorLeak {
      expectError(.invalidArgument) { try matrix + Tensor.zeros([2]) }
      expectError(.invalidArgument) { try matrix.sorted(5) }
      expectError(.invalidArgument) { try matrix.top(9, 0) }
      expectError(.invalidArgument) { try Tensor.full([2, 2], .nan).singularValues() }
      expectError(.invalidArgument) { try matrix.narrowed(0, 0..<2).eigenSymmetric() }
      expectError(.invalidArgument) { try matrix.selected(0, [7]) }
      expectError(.outOfMemory) { try matrix[0].expanded([1 << 48, 3]).copy() }
    }
  }

  @Test("Gradients and optimisers leave no tensor behind, with and without an error")
  func gradients() throws {
    try expectNoTensorLeak {
      let leaf = try matrix.copy().requiringGradient()
      let unused = try matrix.copy().requiringGradient()
      let optimiser = try AdamW([leaf, unused])
      for _ in 0..<3 {
        let gradients = try recordingGradients { try (leaf * leaf).sum().gradients(by: [leaf, unused]) }
        try optimiser.step(gradients, learningRate: 0.1)
      }
      expectError(.invalidArgument) { try optimiser.step([matrix], learningRate: 0.1) }
      _ = recordingGradients { expectError(.invalidArgument) { try (leaf * leaf).gradients(by: [leaf]) } }
    }
  }

  @Test("Reading and writing tensor files leaves no tensor behind, with and without an error")
  func files() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("m.safetensors")
      try expectNoTensorLeak {
        try SafetensorsFile.write(["m": matrix, "t": matrix.transposed(0, 1)], to: url)
        let file = try SafetensorsFile(url)
        _ = try file.tensor("m") + file.tensor("t")
        expectError(.badInput) { try file.tensor("absent") }
        expectError(.badInput) { try SafetensorsFile.write(["m": matrix], to: folder) }
      }
    }
  }

  @Test("Recorded steps of 4 MB each do not pile up")
  func graphsAreFreed() throws {
    let leaf = try Tensor.ones([1_000_000]).requiringGradient()
    func step() throws { _ = try recordingGradients { try (leaf * leaf).sum().gradients(by: [leaf]) } }
    for _ in 0..<10 { try step() }
    let before = try residentBytes()
    for _ in 0..<150 { try step() }
    #expect(try residentBytes() - before < 500_000_000)  // one lost tensor a step would make it 600 MB
  }

  /// Bytes of physical memory in use by this process.
  private func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * 4096
  }
}

extension Tensor {
  /// [3, 3] as one sequence and one head.
  fileprivate func attentionShaped() throws -> Tensor { try unsqueezed(0).unsqueezed(0) }
}
