import Experiments
import Foundation
import Foundations
import Steering

/// The figures of a run for a paper: AUROC by layer, transfer, agreement of the vectors and steering, each as SVG and PDF.
package struct RunFigures {
  private let figures: [(name: String, figure: Figure)]

  package init(_ run: StoredRun) throws {
    let contents = try RunContents(run)
    figures =
      Self.layers(contents) + Self.transfer(contents) + Self.agreement(contents) + (try Self.steering(contents))
  }

  /// Writes every figure into a folder and returns the files' names.
  @discardableResult
  package func write(to folder: URL) throws -> [String] {
    guard !figures.isEmpty else {
      throw TelltaleError(.badInput, "the run has no tables to draw; compute them with: telltale predict DIR")
    }
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw TelltaleError(
        .badInput, "cannot be made; check the path and its permissions", at: InputLocation(file: folder.path))
    }
    return try figures.flatMap { name, figure in
      try FigureFormat.allCases.map { format in
        let file = "\(name).\(format.rawValue)"
        try figure.write(to: folder.appending(path: file))
        return file
      }
    }
  }

  /// A name of a file for names of a run, none of which can leave the folder.
  private static func fileName(_ parts: String...) -> String {
    let harmless = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    return parts.map { $0.addingPercentEncoding(withAllowedCharacters: harmless) ?? "" }
      .joined(separator: "-")
  }

  private static func intervals(
    _ rows: [StoredTable.Row], _ name: String, x: String? = nil, label: (StoredTable.Row) -> String? = { _ in nil }
  ) -> [FigureEstimate] {
    rows.map {
      FigureEstimate(
        label: label($0), x: x.flatMap($0.number), value: $0.number(name), low: $0.number("\(name)_low"),
        high: $0.number("\(name)_high"))
    }
  }

  // MARK: Prediction by layer

  /// One figure a model, vector and target, with a curve a position.
  private static func layers(_ contents: RunContents) -> [(name: String, figure: Figure)] {
    var order: [[String]] = []
    for name in contents.series where !order.contains([name.model, name.vector, name.target]) {
      order.append([name.model, name.vector, name.target])
    }
    return order.map { key in
      let series = contents.series.filter { [$0.model, $0.vector, $0.target] == key }
      let plot = CurvePlot(
        title: "\(key[1]) on \(key[2]) (\(key[0]))", xAxis: "layer", yAxis: "AUROC", nothing: 0.5, isArea: true,
        series: series.flatMap { curves(contents, $0) })
      return (fileName("auroc", key[0], key[1], key[2]), .curves(plot))
    }
  }

  private static func curves(_ contents: RunContents, _ name: SeriesName) -> [CurvePlot.Series] {
    let rows = contents.cosines(name)
    let nulls = contents.nulls.rows.filter {
      $0["model"] == name.model && $0["target"] == name.target && $0["position"] == name.position
        && $0["score"] == ScoreKind.cosine.rawValue
    }
    let band = nulls.map {
      FigureEstimate(x: $0.number("layer"), value: nil, low: $0.number("null_low"), high: $0.number("null_high"))
    }
    .sorted { ($0.x ?? 0) < ($1.x ?? 0) }
    let behind = band.isEmpty ? "" : "; behind it the middle 95 % of null directions"
    let cosine = CurvePlot.Series(
      name: "cosine at the \(name.position), 95 % interval" + behind,
      points: intervals(rows, "auroc", x: "layer"), band: band)
    let probe = rows.map { FigureEstimate(x: $0.number("layer"), value: $0.number("probe_auroc")) }
    guard probe.contains(where: { $0.value != nil }) else { return [cosine] }
    return [
      cosine,
      CurvePlot.Series(name: "logistic probe at the \(name.position), a ceiling", points: probe, isDashed: true),
    ]
  }

  // MARK: Transfer and agreement

  private static func transfer(_ contents: RunContents) -> [(name: String, figure: Figure)] {
    grouped(contents.transfer.rows) { [$0["target_model"], $0["target"], $0["position"]] }.map { key, rows in
      let plot = ForestPlot(
        title: "Transfer to \(key[1]) of \(key[0]), read at \(key[2])", axis: "AUROC", nothing: 0.5,
        rows: intervals(rows, "auroc") { "\($0["vector"]) of \($0["model"]), layer \($0["layer"])" })
      return (fileName("transfer", key[0], key[1], key[2]), .forest(plot))
    }
  }

  private static func agreement(_ contents: RunContents) -> [(name: String, figure: Figure)] {
    grouped(contents.agreement.rows) { [$0["model"], $0["layer"]] }.map { key, rows in
      let plot = ForestPlot(
        title: "Agreement of vectors at layer \(key[1]) (\(key[0]))", axis: "cosine", nothing: 0,
        rows: intervals(rows, "cosine") { "\($0["vector_a"]), \($0["vector_b"])" })
      return (fileName("agreement", key[0], key[1]), .forest(plot))
    }
  }

  /// In the order of their first rows.
  private static func grouped(
    _ rows: [StoredTable.Row], by key: (StoredTable.Row) -> [String]
  ) -> [(key: [String], rows: [StoredTable.Row])] {
    var order: [[String]] = []
    var found: [[String]: [StoredTable.Row]] = [:]
    for row in rows {
      if found[key(row)] == nil { order.append(key(row)) }
      found[key(row), default: []].append(row)
    }
    return order.map { ($0, found[$0] ?? []) }
  }

  // MARK: Steering

  /// The mean margin against the scale, a curve a layer.
  private static func steering(_ contents: RunContents) throws -> [(name: String, figure: Figure)] {
    try ReportData.steering(contents).map { result in
      func column(_ name: String) -> Int { result.doses.columns.firstIndex(of: name) ?? 0 }
      func number(_ row: [TableValue], _ name: String) -> Double? { row[column(name)].number }
      let layers = Set(result.doses.rows.compactMap { number($0, "layer") }).sorted()
      let series = layers.map { layer in
        CurvePlot.Series(
          name: "layer \(Int(saturating: layer)), 95 % interval",
          points: result.doses.rows.filter { number($0, "layer") == layer }.map {
            FigureEstimate(
              x: number($0, "scale"), value: number($0, "margin"), low: number($0, "margin_low"),
              high: number($0, "margin_high"))
          })
      }
      let plot = CurvePlot(
        title: "Steering \(result.target) with \(result.vector) (\(result.model))", xAxis: "scale",
        yAxis: "margin of the behaviour (nats)", nothing: 0, series: series)
      return (fileName("steering", result.model, result.vector, result.target), .curves(plot))
    }
  }
}
