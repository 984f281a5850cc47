import Foundation
import Testing

@testable import Torch

/// The table of kernels against the processor's own list of what it can, and the environment's switches.
@Suite struct KernelTests {
  static let sets = ["plain", "avx2", "avx512", "avx512bf16"]
  static let environment = ProcessInfo.processInfo.environment

  static func rank(_ set: String) throws -> Int { try #require(sets.firstIndex(of: set)) }

  @Test("The instruction set found is what /proc/cpuinfo says")
  func foundIsTheProcessors() throws {
    let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags") || $0.hasPrefix("Features") })
    let flags = Set(line.split(whereSeparator: { " \t:".contains($0) }).map(String.init))
    let wide = flags.isSuperset(of: ["avx512f", "avx512bw", "avx512vl", "avx512dq"])
    let expected =
      wide
      ? (flags.contains("avx512_bf16") ? "avx512bf16" : "avx512")
      : flags.isSuperset(of: ["avx2", "fma"]) ? "avx2" : "plain"
    #expect(Kernel.foundInstructionSet == expected)
  }

  @Test("TELLTALE_ISA caps what is used, and nothing goes beyond what is there")
  func isCapped() throws {
    let wanted = Self.environment["TELLTALE_ISA"] ?? "avx512bf16"
    let expected = min(try Self.rank(Kernel.foundInstructionSet), try Self.rank(wanted))
    #expect(try Self.rank(Kernel.instructionSet) == expected)
  }

  @Test("Every job has a name of its own and a reason, and the switches send jobs to libtorch")
  func tells() {
    #expect(Set(Kernel.all.map(\.job)).count == 8)
    for kernel in Kernel.all {
      #expect(!kernel.choice.isEmpty)
      let variable =
        kernel.job.hasPrefix("16 bits")
        ? "TELLTALE_BFLOAT16"
        : kernel.job.hasPrefix("float32")
          ? "TELLTALE_FLOAT32" : kernel.job.hasPrefix("int8") ? "TELLTALE_INT8" : "TELLTALE_BLOCKS"
      guard kernel.job.contains("products") || kernel.job.contains("attention"), !kernel.job.hasPrefix("steps") else {
        #expect(kernel.isOwn)
        continue
      }
      if Self.environment[variable] == "libtorch" {
        #expect(!kernel.isOwn && kernel.choice == "\(variable)=libtorch")
      } else if kernel.isOwn {
        #expect(Self.sets.contains { kernel.choice.hasPrefix($0) })
      }
    }
  }

  @Test("The environment of the tests is one that a program may start in, and starting twice does no harm")
  func starts() throws {
    try Runtime.start()
    try Runtime.start()
    #expect(try Tensor.ones([2]).sum().scalar() == 2)
  }
}
