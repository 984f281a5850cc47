import CommandSupport
import Foundation
import Torch

/// How fast this machine multiplies matrices and reads memory, through the same library calls that models use.
struct BenchMachine {
  /// The matrix that the rates are measured on: the feed-forward network of Mistral-7B, [14336, 4096], which is larger
  /// than any processor's cache.
  private static let input = 4096
  private static let output = 14336

  /// Bytes that are read, and calls that are timed together: a GPU's calls take less than waiting for them.
  private let readBytes, repeats: Int
  private let weight: Tensor  // [output, input]
  private let int8: Int8Matrix?
  let dtype: DType
  let device: Device

  /// - Parameter hasInt8Weights: whether the matrix is int8.
  init(dtype: DType, device: Device, hasInt8Weights: Bool = false) throws {
    self.dtype = dtype
    self.device = device
    (readBytes, repeats) = device == .cpu ? (512 << 20, 1) : (4 << 30, 20)
    weight = try Self.random([Self.output, Self.input], seed: 1, dtype, device)
    int8 = hasInt8Weights ? try Int8Matrix(weight.moved(to: .cpu)).moved(to: device) : nil
  }

  /// Median rate of multiplying [rows, 4096] by the matrix, at 2 x rows x 4096 x 14336 operations a call.
  ///
  /// - Parameter coarse: whether an int8 matrix is multiplied with 8 bits of x instead of 16.
  func gemmRate(rows: Int, coarse: Bool = false, samples: Int = 5) throws -> BenchRate {
    let x = try Self.random([rows, Self.input], seed: 2, dtype, device)
    let operations = 2 * Double(rows * Self.input * Self.output * repeats)
    func multiply() throws {
      if let int8 {
        _ = try x.linear(int8, coarse: Array(repeating: coarse, count: rows))
      } else {
        _ = try x.linear(weight)
      }
    }
    try multiply()
    return BenchRate(
      medianOf: try (0..<samples).map { _ in
        let time = try BenchTime(of: { for _ in 0..<repeats { try multiply() } })
        return BenchRate(operations: operations, time)
      })
  }

  private static func random(_ shape: [Int], seed: UInt64, _ dtype: DType, _ device: Device) throws -> Tensor {
    try Tensor.randomNormal(shape, device: device, seed: seed).converted(to: dtype)
  }

  /// Median rate of reading 512 MiB (4 GiB of a GPU's memory) once, in GB/s.
  func readRate(samples: Int = 5) throws -> Double {
    let data = try Tensor.ones([readBytes / 4], dtype: .float32, device: device)
    _ = try data.sum()
    let times = try (0..<samples).map { _ in try BenchTime(of: { _ = try data.sum() }).wall }
    return Double(readBytes) / Bench.median(times) / 1e9
  }

  /// Forgets the peak so far, where the system can, so that making a model does not count as running it.
  static func forgetPeakMemory() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }
}
