import Foundations
import TestSupport
import Testing

@testable import Torch

@Suite("Element types, devices and places in files")
struct DTypeTests {
  @Test("The size of each element type is the number of bytes libtorch uses", arguments: DType.allCases)
  func sizes(_ dtype: DType) throws {
    let bytes = try Tensor.ones([3], dtype: dtype).withBytes { $0.count }
    #expect(bytes == 3 * dtype.size)
  }

  @Test("Names of the safetensors format go both ways")
  func safetensorsNames() {
    for dtype in DType.allCases { #expect(DType(safetensorsName: dtype.safetensorsName) == dtype) }
    #expect(DType(safetensorsName: "BF16") == .bfloat16)
    #expect(DType(safetensorsName: "F8_E4M3") == nil)
    #expect(DType(safetensorsName: "") == nil)
  }

  @Test("Only the four floating-point types are floating-point")
  func floatingPoint() {
    #expect(DType.allCases.filter(\.isFloatingPoint) == [.float32, .float64, .float16, .bfloat16])
  }

  @Test("A device is read from the text that names it")
  func devices() {
    #expect(Device("cpu") == .cpu && Device("cuda") == .cuda(0) && Device("cuda:3") == .cuda(3))
    for text in ["", "CPU", "cuda:", "cuda:-1", "cuda:1024", "cuda:99999999999999999999", "gpu"] {
      #expect(Device(text) == nil)
    }
    #expect("\(Device.cpu) \(Device.cuda(2))" == "cpu cuda:2")
  }

  @Test("A device that this machine does not have is refused by number", arguments: [64, 1023, Int.max, -1, Int.min])
  func missingDevices(_ index: Int) {
    expectError(.invalidArgument, containing: "CUDA device") { try Tensor.zeros([1], device: .cuda(index)) }
    expectError(.invalidArgument, containing: "CUDA device") { try Tensor([1]).moved(to: .cuda(index)) }
  }

  @Test("A location reads like an editor's")
  func locations() {
    #expect("\(InputLocation(file: "a.json"))" == "a.json")
    #expect("\(InputLocation(file: "a.json", line: 3, item: "w"))" == "a.json:3 (w)")
    let error = TelltaleError(.badInput, "is empty", at: InputLocation(file: "x"))
    #expect("\(error)" == "x: is empty" && error.isBadInput)
    #expect("\(TelltaleError(.failed, "no"))" == "no" && !TelltaleError(.failed, "no").isBadInput)
  }

  @Test("Text out of a file is shown on one line and cut at 80 characters")
  func printableText() {
    #expect(SafeText.quoted("model.layers.0") == "model.layers.0")
    #expect(SafeText.quoted("a\nb\tc") == "a\\nb\\tc")
    #expect(SafeText.quoted("Größe 模型") == "Größe 模型")
    #expect(SafeText.quoted("\u{202E}x\u{2028}") == "\\u{202E}x\\u{2028}")
    #expect(SafeText.quoted(String(repeating: "x", count: 80)).count == 80)
    #expect(SafeText.quoted(String(repeating: "x", count: 1000)) == String(repeating: "x", count: 80) + "...")
  }
}
