import TestSupport
import Testing

@testable import Torch

@Suite("Numbers going into tensors and coming out")
struct ContentsTests {
  @Test("Values come out in row-major order and their own type")
  func roundTrip() throws {
    #expect(try Tensor([1, 2.5, -3] as [Float]).floats() == [1, 2.5, -3])
    #expect(try Tensor([0.1, 1e300] as [Double]).doubles() == [0.1, 1e300])
    #expect(try Tensor([Int.max, Int.min, 0]).integers() == [Int.max, Int.min, 0])
    #expect(try Tensor([Int32.max, -1]).integers() == [Int(Int32.max), -1])
    #expect(try Tensor([true, false]).bools() == [true, false])
    let transposed = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]).transposed(0, 1)
    #expect(try transposed.integers() == [1, 4, 2, 5, 3, 6])
    #expect(!transposed.isContiguous)
    #expect(try transposed.contiguous().isContiguous)
  }

  @Test("Each initialiser has its element type")
  func elementTypes() throws {
    #expect(try Tensor([1] as [Float]).dtype == .float32)
    #expect(try Tensor([1] as [Double]).dtype == .float64)
    #expect(try Tensor([1] as [Int]).dtype == .int64)
    #expect(try Tensor([1] as [Int32]).dtype == .int32)
    #expect(try Tensor([true]).dtype == .bool)
  }

  @Test("Shape, rank, count and sizes agree")
  func geometry() throws {
    let tensor = try Tensor.zeros([2, 3, 4])
    #expect(tensor.shape == [2, 3, 4] && tensor.rank == 3 && tensor.count == 24)
    #expect(tensor.size(0) == 2 && tensor.size(-1) == 4 && tensor.size(-3) == 2)
    #expect(tensor.device == .cpu && tensor.isContiguous)
  }

  @Test("A scalar has no dimensions and one element")
  func scalars() throws {
    let scalar = try Tensor.full([], 2.5)
    #expect(scalar.shape == [] && scalar.count == 1)
    #expect(try scalar.scalar() == 2.5)
    #expect(try Tensor([7], shape: [1, 1]).scalar() == 7)
    expectError(.invalidArgument) { try Tensor([1, 2]).scalar() }
    expectError(.invalidArgument) { try Tensor([Int]()).scalar() }
  }

  @Test("An empty tensor keeps its shape and gives no elements")
  func empty() throws {
    let empty = try Tensor([Float](), shape: [0, 3])
    #expect(empty.shape == [0, 3] && empty.count == 0)
    #expect(try empty.floats() == [])
    #expect(try Tensor.zeros([3, 0], dtype: .bfloat16).converted(to: .float32).floats() == [])
    #expect(try Tensor.range(5..<5).integers() == [])
  }

  @Test("Values that do not fill the shape are refused, also where the shape overflows")
  func wrongCount() {
    expectError(.invalidArgument) { try Tensor([1, 2, 3], shape: [2, 2]) }
    expectError(.invalidArgument) { try Tensor([1, 2], shape: [-1, -2]) }
    expectError(.invalidArgument) { try Tensor([1], shape: [Int.max, Int.max]) }
    expectError(.invalidArgument) { try Tensor([Int](), shape: [Int.max, 2, 0]) }
  }

  @Test("Creation fills with the value asked for")
  func creation() throws {
    try expectClose(Tensor.zeros([2, 1]), [0, 0], shape: [2, 1])
    try expectClose(Tensor.ones([2], dtype: .float16), [1, 1])
    try expectClose(Tensor.full([3], -7, dtype: .int64), [-7, -7, -7])
    #expect(try Tensor.range(-1..<3).integers() == [-1, 0, 1, 2])
    for dtype in DType.allCases { #expect(try Tensor.ones([2], dtype: dtype).dtype == dtype) }
  }

  @Test("bfloat16 and float16 round half to even, and overflow to infinity")
  func roundings() throws {
    // bfloat16 has steps of 1/128 above 1: 1 + 1/256 lies between and goes to the even 1, 1 + 3/256 to 1 + 2/128.
    // 3e38 is 1.7632 times 2^127 and goes to (1 + 98/128) times 2^127.
    let values = try Tensor([1 + 1.0 / 256, 1 + 3.0 / 256, 3e38, -0.1, 3.4e38] as [Double]).converted(to: .bfloat16)
    #expect(try values.doubles() == [1, 1 + 2.0 / 128, 0x1.C4p127, -0.10009765625, .infinity])
    // float16 has steps of 1/1024 above 1 and ends at 65,504.
    let halves = try Tensor([1 + 1.0 / 2048, 65504, 70000] as [Double]).converted(to: .float16)
    #expect(try halves.doubles() == [1, 65504, .infinity])
  }

  @Test("Conversion to integers cuts fractions off, to truth values asks for non-zero")
  func conversionToIntegers() throws {
    let values = try Tensor([-1.9, 0.5, 256, 0] as [Double])
    #expect(try values.integers() == [-1, 0, 256, 0])
    #expect(try values.bools() == [true, true, true, false])
    #expect(try Tensor([3, 0]).converted(to: .bool).integers() == [1, 0])
  }

  @Test("Every pair of element types converts small numbers exactly")
  func everyConversion() throws {
    for source in DType.allCases {
      for target in DType.allCases {
        let converted = try Tensor([0, 1, 1]).converted(to: source).converted(to: target)
        #expect(converted.dtype == target)
        #expect(try converted.integers() == [0, 1, 1])
      }
    }
  }

  @Test("A conversion that changes nothing gives the tensor itself, a copy shares no memory")
  func copies() throws {
    let tensor = try Tensor([1, 2, 3] as [Float])
    let same = try tensor.converted(to: .float32)
    #expect(same.storage === tensor.storage)
    #expect(try tensor.moved(to: .cpu).storage === tensor.storage)
    let copy = try tensor.copy()
    try tensor.writeInPlace(0, start: 1, Tensor([9] as [Float]))
    #expect(try copy.floats() == [1, 2, 3])
    #expect(try same.floats() == [1, 9, 3])
  }

  @Test("Raw bytes are those of the element type, row-major, also of a view")
  func rawBytes() throws {
    let bytes = try Tensor([1, 2, 3, 4] as [Int32], shape: [2, 2]).transposed(0, 1).withBytes { Array($0) }
    #expect(bytes == [1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0])
    #expect(try Tensor([1] as [Float]).converted(to: .bfloat16).withBytes { Array($0) } == [0x80, 0x3F])
    #expect(try Tensor.zeros([0]).withBytes { $0.count } == 0)
  }
}
