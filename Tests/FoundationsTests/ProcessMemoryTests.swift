import Foundations
import Testing

struct ProcessMemoryTests {
  @Test("Memory is read in bytes, and what the kernel does not say is nil")
  func memoryReadBytes() {
    let memory = ProcessMemory(status: "Name:\ttelltale\nVmHWM:\t  154776 kB\nVmRSS:\t  100 kB\nRssAnon:\tmany kB\n")
    #expect(memory.peak == 154_776 << 10 && memory.resident == 100 << 10)
    #expect(memory.anonymous == nil && memory.file == nil)
  }

  @Test("A process knows that it has held at least what it holds")
  func processKnowsHas() throws {
    let now = ProcessMemory.now
    #expect(try #require(now.peak) >= #require(now.resident))
  }
}
