import Foundation
import Foundations
import Testing

@testable import Torch

@Suite("Many threads at once")
struct ConcurrencyTests {
  @Test("Tensors may be shared and used by many tasks")
  func sharedTensors() async throws {
    let shared = try Tensor.randomNormal([64, 64], dtype: .float64, seed: 1)
    let expected = try shared.matmul(shared).softmax(1).sum().scalar()
    try await withThrowingTaskGroup(of: Double.self) { group in
      for task in 0..<64 {
        group.addTask {
          for _ in 0..<20 {
            _ = try shared.narrowed(0, 0..<1 + task % 64).sorted(1).values.floats()
            #expect(throws: TelltaleError.self) { try shared.matmul(Tensor.zeros([3])) }
          }
          return try shared.matmul(shared).softmax(1).sum().scalar()
        }
      }
      for try await result in group { #expect(abs(result - expected) < 1e-9) }
    }
  }

  @Test("Recording gradients is a matter of one thread")
  func recordingIsPerThread() throws {
    let leaf = try Tensor([2] as [Float]).requiringGradient()
    let (elsewhere, here) = try recordingGradients {
      let elsewhere = onNewThread { try? (leaf * leaf).sum().gradients(by: [leaf]).count }
      return (elsewhere, try (leaf * leaf).sum().gradients(by: [leaf])[0].scalar())
    }
    #expect(elsewhere == nil)  // nothing was recorded there
    #expect(here == 4)
  }

  @Test("Many threads train at once without touching each other's gradients")
  func concurrentGradients() async throws {
    try await withThrowingTaskGroup(of: [Double].self) { group in
      for task in 1...32 {
        group.addTask {
          let leaf = try Tensor([Double(task)]).requiringGradient()
          return try (0..<20).map { _ in
            try recordingGradients { try (leaf * leaf * leaf).sum().gradients(by: [leaf])[0].scalar() }
              / Double(3 * task * task)
          }
        }
      }
      for try await ratios in group { #expect(ratios.allSatisfy { abs($0 - 1) < 1e-12 }) }
    }
  }

  @Test("Files may be read by many tasks, each tensor keeping the mapping alive")
  func sharedFile() async throws {
    let file = try SafetensorsFile(fixture("every-type.safetensors"))
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<64 { group.addTask { try file.tensor("bfloat16").floats() } }
      for try await values in group { #expect(values == [0, -0.5, 1, 1.5, -2, 2.5]) }
    }
  }

  private final class Answer: @unchecked Sendable { var value: Int? = -1 }

  /// Runs `body` on a thread of its own and waits for its answer.
  private func onNewThread(_ body: @escaping @Sendable () -> Int?) -> Int? {
    let (answer, done) = (Answer(), DispatchSemaphore(value: 0))
    Thread {
      answer.value = body()
      done.signal()
    }.start()
    done.wait()
    return answer.value
  }
}

@Suite("The runtime")
struct RuntimeTests {
  @Test("The version is the pinned one")
  func version() { #expect(Runtime.version == "2.11.0") }

  @Test("libtorch_cpu is found where the linker took it from")
  func libraryPath() throws {
    let path = try #require(Runtime.libraryPath)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let linked = root.appending(path: ".libtorch/lib/libtorch_cpu.so")
    #expect(URL(fileURLWithPath: path).resolvingSymlinksInPath() == linked.resolvingSymlinksInPath())
  }

  @Test("A thread's own count holds on that thread alone, and ends")
  func threadCount() {
    let everywhere = Runtime.threadCount
    DispatchQueue.concurrentPerform(iterations: 16) { index in
      Runtime.withThreadCount(index + 1) {
        #expect(Runtime.threadCount == index + 1)
        Runtime.withThreadCount(-5) { #expect(Runtime.threadCount == 1) }
        #expect(Runtime.threadCount == index + 1)
      }
      #expect(Runtime.threadCount == everywhere)
    }
  }

  @Test("Synchronising does nothing without a device, and the number of devices can be asked for twice")
  func devices() throws {
    try Runtime.synchronize()
    let count = Runtime.cudaDeviceCount
    #expect(count >= 0 && Runtime.cudaDeviceCount == count)
    try Runtime.synchronize()
  }
}
