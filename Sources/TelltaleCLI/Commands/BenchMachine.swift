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
    weight = try Tensor.randomNormal([Self.output, Self.input], dtype: dtype, seed: 1).moved(to: device)
  }

  /// Median rate of multiplying [rows, 4096] by the matrix, in GFLOP/s, at 2 x rows x 4096 x 14336 operations a call.
  func gemmRate(rows: Int, samples: Int = 5) throws -> Double {
    let x = try Tensor.randomNormal([rows, Self.input], dtype: dtype, seed: 2).moved(to: device)
    let seconds = try Self.medianSeconds(samples) { _ = try x.linear(weight) }
    return 2 * Double(rows * Self.input * Self.output) / seconds / 1e9
  }

  /// Median rate of reading 512 MiB once, in GB/s.
  func readRate(samples: Int = 5) throws -> Double {
    let data = try Tensor.ones([Self.readBytes / 4], dtype: .float32, device: device)
    return Double(Self.readBytes) / (try Self.medianSeconds(samples) { _ = try data.sum() }) / 1e9
  }

  /// The median time of `body` over `samples` calls, after one that does not count.
  private static func medianSeconds(_ samples: Int, _ body: () throws -> Void) throws -> Double {
    try body()
    return Bench.median(try (0..<samples).map { _ in try Bench.seconds(body) })
  }

  /// The most memory that this process has held so far, in bytes (VmHWM); nil where the system does not say.
  static var peakMemory: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
