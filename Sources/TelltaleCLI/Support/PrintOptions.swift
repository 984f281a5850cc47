import ArgumentParser

/// Whether a command's result is printed for programs: shared by those that say it in no other words.
struct PrintOptions: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false
}
