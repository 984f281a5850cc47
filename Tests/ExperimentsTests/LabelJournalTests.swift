import Foundation
import Foundations
import TestSupport
import Testing

@testable import Experiments

@Suite("The journal of hand labels loses nothing that was stored")
struct LabelJournalTests {
  private let folder: ScratchFolder
  private let journal: LabelJournal
  private var url: URL { folder.url.appending(path: "labels.jsonl") }

  init() throws {
    folder = try ScratchFolder()
    journal = LabelJournal(RunDirectory(existing: folder.url))
  }

  @Test("Labels come back in their order")
  func labelsComeBackInTheirOrder() throws {
    let labels = (0..<5).map { HandLabel(answer: "a\($0)", label: $0 % 2, rater: "ann", note: $0 == 3 ? "odd\n" : nil) }
    try journal.append(Array(labels[..<2]))
    try journal.append(Array(labels[2...]))
    #expect(try journal.read() == labels)
    #expect(try String(contentsOf: url, encoding: .utf8).split(separator: "\n").count == 5)
  }

  @Test("A line that was cut by a kill is dropped and the next label is whole")
  func aLineThatWasCutByAKillIsDroppedAndTheNextLabelIsWhole() throws {
    let first = HandLabel(answer: "a", label: 1, rater: "ann")
    let second = HandLabel(answer: "b", label: nil, rater: "ben")
    try journal.append([first])
    let handle = try FileHandle(forWritingTo: url)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"key":"x","answer":"c","la"#.utf8))
    try handle.close()
    #expect(try journal.read() == [first])
    try journal.append([second])
    #expect(try journal.read() == [first, second])
  }

  @Test("A damaged line in the middle is named")
  func aDamagedLineInTheMiddleIsNamed() throws {
    try journal.append([HandLabel(answer: "a", label: 1, rater: "ann")])
    let text = try "no label\n" + String(contentsOf: url, encoding: .utf8)
    try folder.write(text, to: "labels.jsonl")
    let error = #expect(throws: TelltaleError.self) { try journal.read() }
    #expect(try #require(error).description.contains("labels.jsonl:1: is no label"))
  }

  @Test("What was added since a place is read alone")
  func whatWasAddedSinceAPlaceIsReadAlone() throws {
    let labels = (0..<4).map { HandLabel(answer: "a\($0)", label: 1, rater: "ann") }
    try journal.append(Array(labels[..<2]))
    let place = try journal.added(since: 0).end
    #expect(try journal.added(since: place).labels.isEmpty)
    try journal.append(Array(labels[2...]))
    let added = try journal.added(since: place)
    #expect(try added.labels == Array(labels[2...]) && added.end == Data(contentsOf: url).count)
    // A journal in the place of another is read from its beginning.
    #expect(try journal.added(since: place + 3).labels == labels)
    #expect(try journal.added(since: 1_000_000).labels == labels)
    try folder.write("", to: "labels.jsonl")
    #expect(try journal.added(since: place).labels.isEmpty)
  }

  @Test("A line being written is read once it is whole")
  func aLineBeingWrittenIsReadOnceItIsWhole() throws {
    let labels = (0..<2).map { HandLabel(answer: "a\($0)", label: 1, rater: "ann") }
    try journal.append(labels)
    let whole = try String(contentsOf: url, encoding: .utf8)
    try folder.write(String(whole.dropLast(9)), to: "labels.jsonl")
    let first = try journal.added(since: 0)
    #expect(first.labels == [labels[0]])
    try folder.write(whole, to: "labels.jsonl")
    #expect(try journal.added(since: first.end).labels == [labels[1]])
  }

  @Test("A label that is neither one nor zero is no label")
  func aLabelThatIsNeitherOneNorZeroIsNoLabel() throws {
    try folder.write(
      #"{"answer":"a","key":"k","label":7,"rater":"ann","time":"2026-01-01T00:00:00Z"}"# + "\n\n", to: "labels.jsonl")
    #expect(throws: TelltaleError.self) { try journal.read() }
  }
}
