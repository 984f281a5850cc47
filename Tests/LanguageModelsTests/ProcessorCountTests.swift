import Testing

@testable import LanguageModels

@Suite struct ProcessorCountTests {
  @Test("Not more threads than cores, nor than a control group grants, and at least one")
  func counts() {
    #expect(ProcessorCount.count(cores: 8, quotas: []) == 8)
    #expect(ProcessorCount.count(cores: 8, quotas: [4, 2.5]) == 3)
    #expect(ProcessorCount.count(cores: 2, quotas: [64]) == 2)
    #expect(ProcessorCount.count(cores: 0, quotas: [0.1]) == 1)
    #expect(ProcessorCount.count(cores: 4, quotas: [.infinity]) == 4)
    #expect(ProcessorCount.usable >= 1)
  }

  @Test("Quotas as the kernel writes them; no limit and nonsense are none")
  func quotas() {
    #expect(ProcessorCount.quota("150000 100000") == 1.5)
    for none in [nil, "", "max 100000", "-1 100000", "1", "1 0", "a b", "1 2 3"] {
      #expect(ProcessorCount.quota(none) == nil)
    }
  }

  @Test("Lists of processors and paths of groups")
  func lists() {
    #expect(ProcessorCount.processors("0-2,8\n") == [0, 1, 2, 8])
    for none in ["", "x", "3-", "1-2-3", "0-99999999999", "-1"] { #expect(ProcessorCount.processors(none) == []) }
    #expect(ProcessorCount.processors("5-3") == [])
    #expect(ProcessorCount.ancestors(of: "/a/b") == ["/", "/a", "/a/b"])
  }
}
