import Foundation
import Torch

/// How fast this machine multiplies matrices and reads memory, through the same library calls that models use.
struct BenchMachine {
  /// The matrix that the rates are measured on: the feed-forward network of Mistral-7B, [14336, 4096], which is larger
  /// than any processor's cache.
  private static let input = 4096
  private static let output = 14336
  private static let readBytes = 512 << 20

  private let weight: Tensor  // [output, input]
  let dtype: DType
  let device: Device

  init(dtype: DType, device: Device) throws {
    self.dtype = dtype
    self.device = device
    weight = try Tensor.randomNormal([Self.output, Self.input], seed: 1).converted(to: dtype, device: device)
  }

  /// Median rate of multiplying [rows, 4096] by the matrix, at 2 x rows x 4096 x 14336 operations a call.
  func gemmRate(rows: Int, samples: Int = 5) throws -> BenchRate {
    let x = try Tensor.randomNormal([rows, Self.input], seed: 2).converted(to: dtype, device: device)
    let operations = 2 * Double(rows * Self.input * Self.output)
    _ = try x.linear(weight)
    return BenchRate(
      medianOf: try (0..<samples).map { _ in
        BenchRate(operations: operations, try BenchTime(of: { _ = try x.linear(weight) }))
      })
  }

  /// Median rate of reading 512 MiB once, in GB/s.
  func readRate(samples: Int = 5) throws -> Double {
    let data = try Tensor.ones([Self.readBytes / 4], dtype: .float32, device: device)
    _ = try data.sum()
    let times = try (0..<samples).map { _ in try BenchTime(of: { _ = try data.sum() }).wall }
    return Double(Self.readBytes) / Bench.median(times) / 1e9
  }

  /// Forgets the peak so far, where the system can, so that making a model does not count as running it.
  static func forgetPeakMemory() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }

  /// The most memory that this process has held since then, in bytes (VmHWM); nil where the system does not say.
  static var peakMemory: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
