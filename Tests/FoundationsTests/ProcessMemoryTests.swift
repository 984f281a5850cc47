import Foundations
import Testing

struct ProcessMemoryTests {
  @Test func `memory is read in bytes, and what the kernel does not say is nil`() {
    let memory = ProcessMemory(status: "Name:\ttelltale\nVmHWM:\t  154776 kB\nVmRSS:\t  100 kB\nRssAnon:\tmany kB\n")
    #expect(memory.peak == 154_776 << 10 && memory.resident == 100 << 10)
    #expect(memory.anonymous == nil && memory.file == nil)
  }

  @Test func `a process knows that it has held at least what it holds`() throws {
    let now = ProcessMemory.now
    #expect(try #require(now.peak) >= #require(now.resident))
  }
}
