import Foundations
import Torch

/// What a family takes where its configuration is silent.
struct ShapeDefaults {
  /// nil: as many as query heads.
  var keyValueHeads: Int?
  /// nil: the hidden size divided by the heads.
  var headDimension: Int?
  var epsilon = 1e-6
  var rope = RopeDefaults()
  var isTied = false
  /// The key that names the activation, and its value where it is missing.
  var activation = (key: "hidden_act", name: "silu")
  /// Sizes that a configuration may leave out: those of the family's class in transformers.
  var sizes: [String: Int] = [:]

  static func sizes(_ vocabulary: Int, hidden: Int, inner: Int, layers: Int, heads: Int) -> [String: Int] {
    [
      "vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
      "num_attention_heads": heads,
    ]
  }
}

extension ModelConfiguration {
  /// The sizes, rotation and activation of a model that writes its configuration under the keys that Llama's did: one
  /// rotation for all layers, no windows, no biases.
  init(shaped file: ConfigurationFile, _ defaults: ShapeDefaults = ShapeDefaults()) throws(TelltaleError) {
    func size(_ key: String, largest: Int = 1 << 24) throws(TelltaleError) -> Int {
      // A null is no silence: transformers computes nothing with it.
      try file.size(key, standard: file.states(key) ? nil : defaults.sizes[key], largest: largest)
    }
    family = ""
    vocabularySize = try size("vocab_size")
    hiddenSize = try size("hidden_size")
    intermediateSize = try size("intermediate_size")
    let count = try size("num_hidden_layers", largest: 4096)
    headCount = try size("num_attention_heads", largest: 65536)
    // Where the key is there and null, the number is that of the query heads.
    let standard = file.states("num_key_value_heads") ? nil : defaults.keyValueHeads
    keyValueHeadCount = try file.size("num_key_value_heads", standard: standard ?? headCount, largest: 65536)
    headDimension = try file.headDimension(hiddenSize, headCount, standard: defaults.headDimension)
    normEpsilon = try file.epsilon("rms_norm_eps", standard: defaults.epsilon)
    let rope = try file.rope(headDimension: headDimension, defaults.rope)
    layers = Array(
      repeating: LayerDesign(window: nil, rope: rope, scale: 1 / Double(headDimension).squareRoot()), count: count)
    activation = try file.activation(defaults.activation.key, standard: defaults.activation.name)
    try readGeneral(file, tied: defaults.isTied)
  }

  /// What is written under the same keys in all configurations.
  mutating func readGeneral(_ file: ConfigurationFile, tied: Bool) throws(TelltaleError) {
    tiedEmbeddings = try file.flag("tie_word_embeddings") ?? tied
    dtype = try file.dtype()
    endTokens = try file.oneOrMany("eos_token_id") ?? []
  }

  /// `attention_bias`: of queries, keys, values and the output.
  mutating func readAttentionBias(_ file: ConfigurationFile) throws(TelltaleError) {
    let biased = try file.flag("attention_bias") ?? false
    (queryKeyValueBias, outputBias) = (biased, biased)
  }

  /// The window of the layers for which `isWindowed` holds; `layer_types` overrides it where it is there.
  mutating func setWindows(
    _ window: Int?, _ file: ConfigurationFile, isWindowed: (Int) -> Bool
  ) throws(TelltaleError) {
    let stated = try file.layerTypes(count: layerCount)
    for index in layers.indices where stated?[index] ?? isWindowed(index) { layers[index].window = window }
  }
}

extension ModelConfiguration {
  /// One window for all layers, of families that do not look at `layer_types`: where that says otherwise, the key is left
  /// unread, which is told.
  mutating func setOneWindow(_ window: Int?, _ file: ConfigurationFile) throws(TelltaleError) {
    for index in layers.indices { layers[index].window = window }
    guard let stated = file.peekedTexts("layer_types") else { return }
    let kind = window == nil ? LayerKind.full : .sliding
    if stated.count == layerCount, stated.allSatisfy({ $0 == kind.rawValue }) { file.ignore(["layer_types"]) }
  }
}

extension ConfigurationFile {
  func headDimension(_ hidden: Int, _ heads: Int, standard: Int? = nil) throws(TelltaleError) -> Int {
    let stated = try integer("head_dim") ?? (states("head_dim") ? nil : standard)
    guard stated != nil || hidden % heads == 0 else {
      throw refuse("num_attention_heads", "does not divide the hidden size \(hidden); fetch the file again")
    }
    return try size("head_dim", standard: stated ?? hidden / heads, largest: 65536)
  }

  func epsilon(_ key: String, standard: Double) throws(TelltaleError) -> Double {
    let value = try number(key) ?? standard
    guard value >= 0 else { throw refuse(key, "is \(value); it must not be negative") }
    return value
  }

  func activation(_ key: String, standard: String) throws(TelltaleError) -> Activation {
    let name = try text(key) ?? standard
    guard let known = Activation(transformersName: name) else {
      throw refuse(
        key,
        "\"\(SafeText.quoted(name))\" is not supported; Telltale knows \(Activation.names.joined(separator: ", "))")
    }
    return known
  }

  /// `sliding_window`, which must be positive where it is there.
  /// - Parameter standard: of a missing key; null means none.
  func window(standard: Int? = nil) throws(TelltaleError) -> Int? {
    let window = try integer("sliding_window") ?? (states("sliding_window") ? nil : standard)
    if let window, window < 1 { throw refuse("sliding_window", "is \(window); it must be at least 1") }
    return window
  }

  /// Which layers see only a window, as `layer_types` says; nil where it is not there.
  func layerTypes(count: Int) throws(TelltaleError) -> [Bool]? {
    guard let types = try texts("layer_types") else { return nil }
    guard types.count == count else { throw refuse("layer_types", "names \(types.count) of \(count) layers") }
    if let unknown = types.first(where: { $0 != "full_attention" && $0 != "sliding_attention" }) {
      throw refuse(
        "layer_types",
        "\"\(SafeText.quoted(unknown))\" is not supported; Telltale knows full_attention and sliding_attention")
    }
    return types.map { $0 == "sliding_attention" }
  }

  /// Refuses windows in a family that has none.
  func requireFullAttention(count: Int) throws(TelltaleError) {
    if try layerTypes(count: count)?.contains(true) ?? false {
      throw refuse("layer_types", "asks for sliding_attention, which models of this family do not have")
    }
  }
}
