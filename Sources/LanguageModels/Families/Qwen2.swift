import Foundations

/// Qwen2 and Qwen2.5 (Qwen team 2024): biases on queries, keys and values; windows from a layer on, where switched on.
package enum Qwen2Family: ModelFamily {
  package static let name = "Qwen2"
  package static let architectures = ["Qwen2ForCausalLM"]
  package static let modelTypes = ["qwen2"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 32, rope: RopeDefaults(positions: 32768),
        sizes: ShapeDefaults.sizes(151_936, hidden: 4096, inner: 22016, layers: 32, heads: 32)))
    model.queryKeyValueBias = true
    try model.readLateWindows(file)
    try file.require("use_mrope", false, "and rotations of several positions are not supported")
    return model
  }
}

extension ModelConfiguration {
  /// Windows from `max_window_layers` on, where `use_sliding_window` says so.
  mutating func readLateWindows(_ file: ConfigurationFile) throws(TelltaleError) {
    let isSwitchedOn = try file.flag("use_sliding_window") ?? false
    let first = try file.integer("max_window_layers") ?? 28
    let window = try file.window(standard: 4096)
    try setWindows(isSwitchedOn ? window : nil, file) { $0 >= first }
  }
}
