import Hummingbird
import Reports

/// Style and scripts, which are part of the program.
struct AssetRoutes {
  func add(to router: Router<BasicRequestContext>) {
    for (name, type, bytes) in [
      ("style.css", "text/css", Array(Style.shared.utf8) + PackageResources.style_css),
      ("progress.js", "text/javascript", PackageResources.progress_js),
      ("grade.js", "text/javascript", PackageResources.grade_js),
      ("labels.js", "text/javascript", PackageResources.labels_js),
      ("icon.svg", "image/svg+xml", PackageResources.icon_svg),
    ] {
      router.get("/assets/\(name)") { _, _ in
        Response(
          status: .ok, headers: [.contentType: "\(type); charset=utf-8"],
          body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
      }
    }
  }
}
