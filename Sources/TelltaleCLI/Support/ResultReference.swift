import Experiments
import Foundations
import Statistics
import Steering

/// The page of all result columns, from the declarations of the tables.
enum ResultReference {
  private struct Section {
    var title: String
    var about: String
    var tables: [any TableDeclaration]
  }

  private static let sections = [
    Section(
      title: "A run", about: "`results/<name>.csv` of the run directory that [`telltale run`](experiments.md) makes.",
      tables: RunTable.all.map(\.declaration)),
    Section(
      title: "A run by other labels",
      about:
        "`results/labels-<source>/<name>.csv` ([labels.md](labels.md)); `predictivity`, `audit` and `transfer` are "
        + "as above.",
      tables: RunTable.byOtherLabels.map(\.declaration)),
    Section(
      title: "How far labels agree",
      about:
        "`results/<name>.csv` by `telltale agreement`. `label-self-agreement` has the columns of `label-agreement`, "
        + "`label-replacement` those of `changes`.",
      tables: [
        LabelAgreement.Pair.table, LabelAgreement.JudgeAccuracy.table, LabelCorrection.table,
        LabelAgreement.Disagreement.table(["<source>"]),
      ]),
    Section(
      title: "Evaluations", about: "`telltale evaluate <name> --output` ([steering.md](steering.md)).",
      tables: [
        ChoiceSummary.table(), ChoiceSummary.table(rate: "accuracy"), TruthfulQARow.table, PerplexityRow.table,
        OpenEvaluation.Answer.table,
      ]),
    Section(
      title: "Sweeps and ablations",
      about: "`telltale steer sweep --output` writes a folder of these, `telltale steer ablation --output` the last.",
      tables: SweepTables.declarations + [AblationExperiment.Predictive.table]),
    Section(
      title: "Comparisons of vectors", about: "`telltale compare --output` ([consistency.md](consistency.md)).",
      tables: CompareTables.declarations),
    Section(
      title: "Fine-tuning",
      about: "`losses.csv` in the folder of an adapter of `telltale finetune` ([finetuning.md](finetuning.md)).",
      tables: [TrainingLog.table]),
    Section(
      title: "The fine-tuning chain", about: "`telltale finetune chain --output` ([finetuning.md](finetuning.md)).",
      tables: ChainTables.declarations),
  ]

  static var markdown: String {
    let parts = sections.map { section in
      "## \(section.title)\n\n\(section.about)\n\n"
        + section.tables.map { "### \($0.name)\n\n\($0.reference)" }.joined(separator: "\n")
    }
    return """
      # Result columns

      What every column of every table holds, printed by `telltale schema --results`. An empty field (JSON: null) is a number \
      that is undefined; intervals are of 95 % and clustered by question. A row is what the sentence above the columns says.


      """ + parts.joined(separator: "\n")
  }
}
