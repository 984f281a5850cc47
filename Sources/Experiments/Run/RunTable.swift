import Foundations
import Steering

/// A table of a run: what declares it, and which of the results are its rows. Its name is that of its file in `results/`.
package struct RunTable: Sendable {
  package let declaration: any TableDeclaration
  let values: @Sendable (ExperimentResults) -> TableValues

  private init<Row>(_ table: Table<Row>, _ rows: @escaping @Sendable (ExperimentResults) -> [Row]) {
    declaration = table
    values = { table.values(rows($0)) }
  }

  package static let predictivity = RunTable(PredictivityRow.table) { $0.predictions.map(\.row) }
  package static let vectors = RunTable(VectorResult.table, \.vectors)
  package static let audit = RunTable(AuditResult.table) { $0.audits.flatMap(\.rows) }
  package static let transfer = RunTable(TransferResult.table, \.transfer)
  package static let labels = RunTable(LabelCount.table, \.labels)
  package static let nulls = RunTable(NullBand.table, \.nulls)
  package static let steerability = RunTable(Steerability.table, \.steerability)
  package static let agreement = RunTable(VectorAgreement.table, \.agreement)
  package static let study = RunTable(StudyRow.table, \.study)
  package static let studyChoices = RunTable(StudyChoice.table, \.choices)
  package static let studyCorrelations = RunTable(StudyCorrelation.table, \.correlations)
  package static let studyRegression = RunTable(StudyRegression.table, \.regressions)
  package static let comparisons = RunTable(VectorPair.table, \.vectorPairs)

  package static let all = [
    predictivity, vectors, audit, transfer, labels, nulls, steerability, agreement, study, studyChoices,
    studyCorrelations, studyRegression, comparisons,
  ]

  /// In the folders of other labels only, in addition to the predictivity, the audit and the transfer by them.
  package static let changes = RunTable(LabelChange.table, \.changes)
  package static let coverage = RunTable(LabelCoverage.table) { $0.coverage.flatMap(\.rows) }

  package static let byOtherLabels = [coverage, changes]
}
