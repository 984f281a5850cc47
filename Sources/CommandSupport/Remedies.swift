import Foundations

extension TelltaleError {
  /// The sentence, with the option that remedies it.
  package var advice: String { remedy.map { "\(description) (\($0.option))" } ?? description }
}

extension TelltaleError.Remedy {
  /// What the command line calls it.
  fileprivate var option: String {
    switch self {
    case .allowAnyModel: "--any-model"
    case .chooseModel: "--model"
    case .chooseLayers: "--layers"
    case .chooseLayer: "--layer"
    case .choosePosition: "--position"
    case .chooseRead: "--read"
    case .takeFewer: "--take, --layers"
    case .stateConvention: "--convention"
    case .importVector: "telltale vector import"
    case .computeInFloat32: "--dtype float32"
    case .useDenseWeights: "without --weights int8"
    case .labelByChoice: "--label forced-choice"
    case .resume: "--resume"
    case .giveRecording: "--recording"
    case .nameOutput: "--output"
    case .resumeOrNameOutput: "--resume, or --output"
    case .chooseTemplate: "--template"
    case .chooseAddress: "--host, --port"
    case .chooseEndpoint: "--url, --model"
    case .chooseJudgedModel: "--model, --temperature"
    case .giveKey: "--key-env"
    }
  }
}
