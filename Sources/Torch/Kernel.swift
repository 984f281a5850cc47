internal import CTorch

/// What computes a job on this processor: code of Telltale's own for an instruction set, or libtorch.
public struct Kernel: Sendable {
  /// The job in words, as in "float32, products".
  public let job: String
  /// Whether it is Telltale's own.
  public let isOwn: Bool
  /// The instruction set of Telltale's own, or why it is libtorch's.
  public let choice: String

  private init(_ job: ct_job) {
    let kernel = ct_kernel_of(job)
    (self.job, isOwn, choice) = (String(cString: kernel.job), kernel.is_own, String(cString: kernel.choice))
  }

  /// Of every job. The environment's TELLTALE_BFLOAT16, TELLTALE_FLOAT32, TELLTALE_INT8 and TELLTALE_BLOCKS send theirs to libtorch.
  public static var all: [Kernel] { (0..<CT_JOB_COUNT.rawValue).map { Kernel(ct_job(rawValue: $0)) } }

  package static var fewRows: Kernel { Kernel(CT_FEW_ROWS) }
  package static var packAttention: Kernel { Kernel(CT_PACK_ATTENTION) }
  package static var decodeAttention: Kernel { Kernel(CT_DECODE_ATTENTION) }
  package static var float32Products: Kernel { Kernel(CT_FLOAT32_PRODUCTS) }
  package static var int8Products: Kernel { Kernel(CT_INT8_PRODUCTS) }
  package static var blockProducts: Kernel { Kernel(CT_BLOCK_PRODUCTS) }

  /// The widest instruction set that kernels are compiled for and this processor has: "plain", "avx2", "avx512" or
  /// "avx512bf16".
  public static var foundInstructionSet: String { String(cString: ct_instruction_set(false)) }
  /// The one that they use: where TELLTALE_ISA names a lesser one, that.
  public static var instructionSet: String { String(cString: ct_instruction_set(true)) }
}
