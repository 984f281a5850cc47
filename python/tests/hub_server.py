"""The part of the Hugging Face hub's HTTP interface that uploading and downloading a vector needs.

It behaves as the real endpoint does for small files: repositories that are made, the check of a card, the preupload
question, a commit of NDJSON with files in base64, HEAD and GET of files with the commit and the ETag. What it does not have
is LFS: it tells the client that every file is a regular one, as the hub does for files that its .gitattributes do not name.
"""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub(ThreadingHTTPServer):
    """Repositories in memory."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories = {}
        self.seen = []
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=None):
        content = json.dumps(body).encode() if isinstance(body, dict | list) else body
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def repository(self, name):
        return self.server.repositories.get(name)

    def do_POST(self):
        size = self.headers.get("Content-Length")
        body = self.rfile.read(int(size)) if size else self.chunked()
        path = self.path.split("?")[0]
        self.server.seen.append(("POST", path, self.headers.get("Authorization")))
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path == "/api/validate-yaml":
            return self.answer(200, {"errors": [], "warnings": []})
        parts = path.strip("/").split("/")
        name = "/".join(parts[2:4])
        if self.repository(name) is None:
            return self.answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        if parts[4] == "preupload":
            files = json.loads(body)["files"]
            modes = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None} for one in files
            ]
            return self.answer(200, {"files": modes})
        if parts[4] == "commit":
            return self.commit(name, [json.loads(line) for line in body.splitlines() if line.strip()])
        return self.answer(404, {"error": "Not found"})

    def chunked(self):
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def create(self, asked):
        owner = asked.get("organization") or "me"
        name = f"{owner}/{asked['name']}"
        url = {"url": f"{self.server.address}/{name}", "id": name}
        if name in self.server.repositories:
            return self.answer(409, {"error": "You already created this model repo", **url})
        # Until version 1 of the client and from then on.
        private = asked.get("private", asked.get("visibility") == "private")
        self.server.repositories[name] = {"private": private, "files": {}, "sha": "0" * 40}
        return self.answer(200, url)

    def commit(self, name, lines):
        repository = self.repository(name)
        for line in lines:
            if line["key"] == "file":
                value = line["value"]
                assert value["encoding"] == "base64"
                repository["files"][value["path"]] = base64.b64decode(value["content"])
        repository["sha"] = hashlib.sha1(json.dumps(lines).encode()).hexdigest()
        url = f"{self.server.address}/{name}/commit/{repository['sha']}"
        return self.answer(200, {"success": True, "commitOid": repository["sha"], "commitUrl": url, "hookOutput": ""})

    def do_GET(self):
        path = self.path.split("?")[0]
        self.server.seen.append((self.command, path, self.headers.get("Authorization")))
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            name = "/".join(parts[2:4])
            repository = self.repository(name)
            if repository is None:
                return self.answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            siblings = [{"rfilename": file} for file in repository["files"]]
            return self.answer(200, {"id": name, "sha": repository["sha"], "siblings": siblings, "private": True})
        if len(parts) >= 5 and parts[2] == "resolve":
            repository = self.repository("/".join(parts[:2]))
            file = "/".join(parts[4:])
            if repository is None or file not in repository["files"]:
                code = "RepoNotFound" if repository is None else "EntryNotFound"
                return self.answer(404, {"error": "Not found"}, {"X-Error-Code": code})
            content = repository["files"][file]
            tags = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": repository["sha"]}
            return self.answer(200, content, tags)
        return self.answer(404, {"error": "Not found"})

    do_HEAD = do_GET  # noqa: N815
