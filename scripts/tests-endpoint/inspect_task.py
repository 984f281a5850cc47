"""The task that inspecting.py gives to `inspect eval`: rows of {"input", "target"} in $TELLTALE_ROWS, compared letter by letter."""

import json
import os

from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import generate


@task
def answers():
    with open(os.environ["TELLTALE_ROWS"], encoding="utf-8") as file:
        rows = json.load(file)
    return Task(dataset=[Sample(**row) for row in rows], solver=generate(), scorer=exact())
