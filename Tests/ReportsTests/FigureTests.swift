import Experiments
import Foundation
import Foundations
import TestSupport
import Testing

@testable import Reports

/// Figures for papers.
@Suite struct FigureTests {
  private static let forest = ForestPlot(
    title: "Test (a)", axis: "AUROC", nothing: 0.5, smallest: 0.05,
    rows: [
      FigureEstimate(label: "within", value: 0.75, low: 0.5, high: 1), FigureEstimate(label: "across", value: nil),
    ])

  @Test("A value lies where the axis says")
  func places() {
    let frame = Frame(left: 100, right: 300, top: 20, bottom: 220, x: 0...1, y: 0...4)
    #expect(frame.point(0.5, 1) == .init(x: 200, y: 170) && frame.point(1, 4) == .init(x: 300, y: 20))
    let discs = Self.forest.picture.marks.compactMap { mark -> Double? in
      if case .disc(let point, _, _) = mark { point.x } else { nil }
    }
    // The plot is 250 points wide, and 0.75 lies at three quarters of it; the undefined row has no marker.
    let left = Self.forest.picture.width - 320
    #expect(discs.count == 1 && abs(discs[0] - (left + 187.5)) < 1e-9)
  }

  @Test("Ticks are round numbers inside the range")
  func ticks() {
    let ofAreas = Frame.ticks(0...1)
    #expect(zip(ofAreas, [0, 0.2, 0.4, 0.6, 0.8, 1]).allSatisfy { abs($0 - $1) < 1e-12 } && ofAreas.count == 6)
    #expect(Frame.ticks(-3...11) == [0, 5, 10])
    #expect(Frame.ticks(0...31) == [0, 10, 20, 30])
  }

  @Test("A PDF's table says where every object begins")
  func offsets() throws {
    let data = FigureFormat.pdf.data(Self.forest.picture)
    let text = String(decoding: data, as: Unicode.ASCII.self)
    let entries = text.components(separatedBy: "\n").filter { $0.hasSuffix(" 00000 n ") }
    #expect(entries.count == 7)
    for (index, entry) in entries.enumerated() {
      let offset = try #require(Int(entry.prefix(10)))
      #expect(data[offset...].starts(with: Data("\(index + 1) 0 obj".utf8)))
    }
    let start = try #require(
      text.components(separatedBy: "startxref\n").last.flatMap { Int($0.prefix { $0.isNumber }) })
    #expect(data[start...].starts(with: Data("xref".utf8)))
    #expect(text.contains("(Test \\(a\\)) Tj"))
  }

  @Test("Helvetica's widths are Adobe's: a text of all kinds of characters is as wide as the metrics say")
  func widths() {
    // H 722, e 556, l 222, l 222, o 556, space 278, W 944, 1 556, % 889.
    #expect(abs(Helvetica.width("Hello W1%") - 4.945) < 1e-12)
  }

  @Test("What a text may hold is no markup")
  func hostile() {
    var plot = Self.forest
    plot.title = "<script>alert(1)</script> & \u{202E}"
    let svg = SVGWriter.text(plot.picture)
    #expect(!svg.contains("<script>") && svg.contains("&lt;script&gt;") && !svg.contains("\u{202E}"))
  }

  @Test("The figures of a run are written as SVG and PDF, with a point for every layer that was judged")
  func ofRun() throws {
    let made = try MadePage()
    let folder = try ScratchFolder()
    let files = try RunFigures(StoredRun(made.url)).write(to: folder.url)
    #expect(
      files.count % 2 == 0 && files.contains { $0.hasPrefix("auroc-") } && files.contains { $0.hasPrefix("steering-") })
    let name = try #require(files.first { $0.hasPrefix("auroc-") && $0.hasSuffix(".svg") })
    let svg = try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
    let rows = try CSVTable(contentsOf: made.url.appending(path: "results/predictivity.csv"))
    let prompts = zip(try rows.column("position").strings, try rows.column("score").strings).count {
      $0 == "prompt" && $1 == "cosine"
    }
    // One disc a layer of the first series, and one in the legend.
    #expect(svg.components(separatedBy: "<circle").count - 1 == prompts + 1)
  }
}
