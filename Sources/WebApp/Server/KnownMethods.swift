import Hummingbird

/// Which methods each address of the server answers, read off its routes.
struct KnownMethods: Sendable {
  /// Steps of a path, an empty one for any, and the methods there.
  private let routes: [(steps: [String], methods: Set<String>)]

  init(_ router: Router<BasicRequestContext>) {
    var methods: [[String]: Set<String>] = [:]
    for route in router.routes {
      methods[Self.steps(route.path.description, "{"), default: []].insert(route.method.rawValue)
    }
    routes = methods.map { ($0.key, $0.value.union($0.value.contains("GET") ? ["HEAD"] : [])) }
  }

  /// The methods that an address answers, for a header and a sentence; nil where it answers this one, or there is no such
  /// address.
  func others(than method: HTTPRequest.Method, at path: String) -> String? {
    let steps = Self.steps(path, nil)
    let fitting = routes.filter { route in
      route.steps.count == steps.count && zip(route.steps, steps).allSatisfy { $0.isEmpty || $0 == $1 }
    }
    let methods = fitting.reduce(into: Set<String>()) { $0.formUnion($1.methods) }
    return methods.isEmpty || methods.contains(method.rawValue) ? nil : methods.sorted().joined(separator: ", ")
  }

  /// - Parameter parameter: how steps begin that stand for any.
  private static func steps(_ path: String, _ parameter: String?) -> [String] {
    path.split(separator: "/").map { step in parameter.map(step.hasPrefix) == true ? "" : String(step) }
  }
}

extension Request {
  /// Whether the body is sent as it is, not compressed.
  var isPlain: Bool {
    let coding = headers[.contentEncoding]?.lowercased() ?? "identity"
    return coding.isEmpty || coding == "identity"
  }
}
