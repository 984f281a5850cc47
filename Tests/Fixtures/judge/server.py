"""A chat-completions endpoint that misbehaves as its model's name says. Prints its port, logs each request to a file.

python3 server.py LOG; the log has one JSON object a line: model, the texts asked about, the key, the time.
"""

import http.server
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import zlib

log = open(sys.argv[1], "a", buffering=1)
lock = threading.Lock()
counts = {}


def verdict(text):
    """1 where the answer says that it agrees; of two answers, the one that does."""
    answers = re.findall(r"ANSWER(?: \d)? \w+ begins\n(.*?)\nANSWER", text, re.S)
    agree = ["I agree" in answer for answer in answers]
    if len(agree) == 1:
        return int(agree[0])
    return None if agree[0] == agree[1] else agree.index(True) + 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def send(self, status, body, headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reply(self, content):
        self.send(200, json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode())

    def judge(self, text):
        self.reply(json.dumps({"label": verdict(text), "reason": "as it says"}))

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model, text = request["model"], request["messages"][1]["content"]
        key = self.headers.get("Authorization", "")
        with lock:
            log.write(json.dumps({"path": self.path, "model": model, "text": text, "key": key, "time": time.time()}) + "\n")
            counts[text] = counts.get(text, 0) + 1
            attempt = counts[text]
        if model == "flaky":
            self.misbehave(attempt, text)
        elif model == "good":
            self.judge(text)
        elif model == "slow":
            time.sleep(0.1)
            self.judge(text)
        elif model == "fenced":
            self.reply("```json\n" + json.dumps({"label": verdict(text), "reason": "r" * 5000}) + "\n```")
        elif model == "garbage":
            self.reply('{"label": "maybe"}')
        elif model == "down":
            self.send(503, b"no")
        elif model == "later":
            self.send(429, b"no", {"Retry-After": "3600"})
        elif model == "forbidden":
            self.send(401, ("the key was " + key).encode())
        elif model == "redirect":
            self.send(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"})
        elif model == "trailers":
            self.protocol_version = "HTTP/1.1"
            body = json.dumps({"choices": [{"message": {"content": '{"label": 1}'}}]}).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(body), body))
            self.close_connection = True
        elif model == "bomb":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            self.wfile.write(packer.compress(b"a" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH))
            block = packer.compress(b"a" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
            try:
                self.wfile.write(block * 900)
            except OSError:
                pass
            self.close_connection = True
        elif model == "first":
            self.reply('{"label": 1, "reason": "the first one"}')

    def misbehave(self, attempt, text):
        """Busy, failing, slow, wrong, huge, gone; then good."""
        if attempt == 1:
            self.send(429, b"no", {"Retry-After": "0.3"})
        elif attempt == 2:
            self.send(500, b"no")
        elif attempt == 3:
            time.sleep(2.5)
            self.reset()
        elif attempt == 4:
            self.send(200, b"<html>not json</html>")
        elif attempt == 5:
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(64):
                    self.wfile.write(b" " * (1 << 20))
            except OSError:
                pass
            self.close_connection = True
        elif attempt == 6:
            self.reset()
        else:
            self.judge(text)


def leave_with_the_test():
    """The test holds the other end of standard input, however it ends."""
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=leave_with_the_test, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda request, address: None  # clients that hang up
print(server.server_address[1], flush=True)
server.serve_forever()
