"""What the clients of scripts/endpoint-test share: their options, and the server that they ask."""

import argparse
import contextlib
import json
import os
import secrets
import subprocess


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    return parser.parse_args()


@contextlib.contextmanager
def endpoint(binary, model, *arguments):
    """A running `telltale endpoint` of a model: its address and key. It must end cleanly."""
    key = secrets.token_urlsafe(24)
    server = subprocess.Popen(
        [binary, "endpoint", "--model", model, "--port", "0", "--json", "--threads", "1", "--context", "512", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "TELLTALE_TOKEN": key}, text=True)
    try:
        yield json.loads(server.stdout.readline())["url"], key
    finally:
        server.terminate()
        assert server.wait(20) == 0, "the server did not end cleanly"
